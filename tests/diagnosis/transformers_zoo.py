"""Architectures of Hugging Face's `transformers`, from configurations shrunk until a pass takes a moment."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from goldilocks.engine.diagnosis.specimen import Specimen
from tests.diagnosis.zoo import CLASSES, TOKENS, WORDS, images, words

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "vocab_size": WORDS,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GPT: dict[str, Any] = {
    **{"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "vocab_size": WORDS},
    **{"bos_token_id": 1, "eos_token_id": 2},
}
HEADS: dict[str, Any] = {"num_key_value_heads": 2, "head_dim": 8}
# A configuration without labels has two.
IMAGE: dict[str, Any] = {"image_size": 32, "patch_size": 8, "num_channels": 3, "num_labels": CLASSES}
VIT = {k: SMALL[k] for k in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")} | IMAGE

# Model type, class of the automatic models, settings.
LANGUAGE: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("CausalLM", GPT),
    "gptj": ("CausalLM", {**GPT, "rotary_dim": 4}),
    "codegen": ("CausalLM", {**GPT, "rotary_dim": 4}),
    "gpt_neo": ("CausalLM", {**SMALL, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]}),
    "gpt_neox": ("CausalLM", SMALL),
    "gpt_bigcode": ("CausalLM", GPT),
    "llama": ("CausalLM", {**SMALL, **HEADS}),
    "mistral": ("CausalLM", {**SMALL, **HEADS}),
    "mixtral": ("CausalLM", {**SMALL, **HEADS, "num_local_experts": 4}),
    "gemma": ("CausalLM", {**SMALL, **HEADS}),
    "qwen2": ("CausalLM", {**SMALL, **HEADS}),
    "phi": ("CausalLM", SMALL),
    "falcon": ("CausalLM", SMALL),
    "stablelm": ("CausalLM", {**SMALL, "num_key_value_heads": 2}),
    "starcoder2": ("CausalLM", {**SMALL, "num_key_value_heads": 2}),
    "olmo": ("CausalLM", {**SMALL, "num_key_value_heads": 2}),
    "cohere": ("CausalLM", {**SMALL, "num_key_value_heads": 2}),
    "opt": ("CausalLM", {**SMALL, "ffn_dim": 64, "word_embed_proj_dim": 32}),
    "bloom": ("CausalLM", {**SMALL, "n_head": 4, "n_layer": 2}),
    "mpt": ("CausalLM", {"d_model": 32, "n_heads": 4, "n_layers": 2, "vocab_size": WORDS, "max_seq_len": 64}),
    "mamba": ("CausalLM", {**SMALL, "state_size": 4, "time_step_rank": 4}),
    "bert": ("SequenceClassification", {**SMALL, "num_labels": CLASSES}),
    "roberta": ("SequenceClassification", {**SMALL, "num_labels": CLASSES}),
    "electra": ("SequenceClassification", {**SMALL, "embedding_size": 16, "num_labels": CLASSES}),
    "albert": ("SequenceClassification", {**SMALL, "embedding_size": 16, "num_labels": CLASSES}),
    "distilbert": (
        "SequenceClassification",
        {**{"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "vocab_size": WORDS}, "num_labels": CLASSES},
    ),
    "mpnet": ("SequenceClassification", {**SMALL, "num_labels": CLASSES}),
    "xlnet": ("SequenceClassification", {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64, "vocab_size": WORDS,
                                         "num_labels": CLASSES}),
    "t5": ("", {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "vocab_size": WORDS}),
    "bart": ("", {**{f"{side}_{key}": value for side in ("encoder", "decoder")
                     for key, value in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 64))},
                  "d_model": 32, "vocab_size": WORDS, "max_position_embeddings": 64}),
}  # fmt: skip
VISION: dict[str, dict[str, Any]] = {
    "vit": VIT,
    "beit": VIT,
    "dinov2": VIT,
    "swin": {**IMAGE, "patch_size": 2, "embed_dim": 16, "depths": [1, 2], "num_heads": [2, 4], "window_size": 4},
    "swinv2": {**IMAGE, "patch_size": 2, "embed_dim": 16, "depths": [1, 2], "num_heads": [2, 4], "window_size": 4},
    "convnext": {**IMAGE, "hidden_sizes": [16, 32], "depths": [2, 2], "num_stages": 2, "patch_size": 4},
    "convnextv2": {**IMAGE, "hidden_sizes": [16, 32], "depths": [2, 2], "num_stages": 2, "patch_size": 4},
    "resnet": {**IMAGE, "embedding_size": 16, "hidden_sizes": [16, 32], "depths": [2, 2], "layer_type": "basic"},
    "regnet": {**IMAGE, "embedding_size": 16, "hidden_sizes": [16, 32], "depths": [2, 2], "groups_width": 8},
    "mobilenet_v2": {**IMAGE, "depth_multiplier": 0.25},
    "mobilenet_v1": {**IMAGE, "depth_multiplier": 0.25},
    "poolformer": {
        **{**IMAGE, "hidden_sizes": [8, 16, 32, 32], "depths": [1, 1, 1, 1]},
        **{"patch_sizes": [3, 3, 3, 3], "strides": [2, 2, 2, 2], "padding": [1, 1, 1, 1]},
    },
    "segformer": {**IMAGE, "hidden_sizes": [8, 16, 32, 32], "depths": [1] * 4, "num_attention_heads": [1, 1, 2, 2]},
    "efficientnet": {**IMAGE, "width_coefficient": 0.25, "depth_coefficient": 0.2, "hidden_dim": 320},
}


def _language(kind: str, head: str, settings: dict[str, Any]) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import transformers

        auto = getattr(transformers, f"AutoModelFor{head}" if head else "AutoModelForSeq2SeqLM")
        return auto.from_config(transformers.AutoConfig.for_model(kind, **settings))

    return make


def _vision(kind: str, settings: dict[str, Any]) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import transformers

        given = dict(settings)
        config = transformers.AutoConfig.for_model(kind, num_labels=given.pop("num_labels"), **given)
        return transformers.AutoModelForImageClassification.from_config(config)

    return make


def transformers_zoo() -> dict[str, Specimen]:
    """Return a specimen for each architecture; `transformers` is imported when one is made."""
    found = {}
    for kind, (head, settings) in LANGUAGE.items():
        tokens = words(4, TOKENS) % (WORDS - 3) + 3
        keywords: dict[str, Any] = {} if head else {"decoder_input_ids": tokens.flip(0)}
        # What a network remembers for generating is no part of the signal.
        cache = {"mamba", "bert", "roberta", "electra", "albert", "distilbert", "mpnet", "xlnet"}
        if kind not in cache:
            keywords["use_cache"] = False
        if head == "SequenceClassification":
            keywords["attention_mask"] = torch.ones_like(tokens)
        classes = CLASSES if head == "SequenceClassification" else WORDS
        found[kind] = Specimen(_language(kind, head, settings), (tokens,), keywords, classes=classes)
    for kind, settings in VISION.items():
        found[kind] = Specimen(_vision(kind, settings), (images(3, 32, 4),), classes=CLASSES)
    return found
