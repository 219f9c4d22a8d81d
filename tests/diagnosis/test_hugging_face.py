"""Networks from a Hugging Face configuration; only where transformers is installed."""

import json

import pytest

from goldilocks.engine.diagnosis.factory import load_factory
from goldilocks.engine.diagnosis.hugging_face import usual_input
from goldilocks.engine.errors import RequestError

pytest.importorskip("transformers")
GPT = {"model_type": "gpt2", "n_embd": 16, "n_layer": 1, "n_head": 2, "vocab_size": 20, "n_positions": 8}
IDS = {"bos_token_id": 1, "eos_token_id": 2}


def test_a_configuration_makes_its_architecture_and_knows_its_input(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**GPT, **IDS, "architectures": ["GPT2LMHeadModel"]}))
    model = load_factory(f"hf:{file}")(0)
    assert type(model).__name__ == "GPT2LMHeadModel"
    assert usual_input(model) == "ids:8x8"
    assert type(load_factory(f"hf:{tmp_path}")(0)) is type(model)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "holds a list; an object is required"),
        ("{}", "has no model_type"),
        ('{"model_type": "of_nobody"}', "transformers refuses the configuration"),
    ],
)
def test_what_is_no_configuration_is_refused(tmp_path, text, said):
    file = tmp_path / "config.json"
    file.write_text(text)
    with pytest.raises(RequestError, match=said):
        load_factory(f"hf:{file}")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RequestError, match=r"hf: takes the path of a config\.json"):
        load_factory(f"hf:{tmp_path}/absent.json")
