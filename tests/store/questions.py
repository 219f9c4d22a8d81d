"""What named queries are asked in tests: of every parameter its usual value and others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from goldilocks.store import queries
from goldilocks.store.reading.fragments import with_fragments
from tests.store.varied import SCALES

PROPAGATION = {"preprocessing": "raw", "width": 8, "batch_size": 4, "depth": 2, "norm": "none", "activation": "tanh"}
TRAINING = {"preprocessing": "standardize", "width": 8, "batch_size": 4, "depth": 2, "steps": 20, "activation": "relu"}
# What to ask of a store whose networks are small; by query where it is not the same for all.
USUAL: dict[str, dict[str, Any]] = {
    "lecture_01_preprocessing": {"depth": 2, "width": 8, "steps": 10},
    "lecture_01_centring": {"depth": 2, "width": 8, "centred": "raw"},
    "lecture_02_symmetry": {"depth": 2},
    "lecture_03_depth": {"init": "kaiming", "width": 8, "batch_size": 4, "steps": 20},
    "lecture_04_too_small": {"init": "xavier"},
    "lecture_05_too_big": {"init": "normal(std=0.5)", "depth": 5},
    "lecture_06_convolution": {"depth": 2, "inits": ["xavier", "kaiming"], "batch_size": 4, "preprocessing": "raw"},
    "lecture_07_relu_xavier": {"activation": "relu", "depth": 5},
    "lecture_08_kaiming": {"activation": "relu", "inits": ["kaiming", "zeros"], "preprocessing": "raw"},
    "lecture_12_learning_rates": {"rates": 3, "batch_size": 4, "steps": 20},
    "lecture_12_by_rate": {"batch_size": 4, "steps": 20},
    "lecture_14_claims": {"small": 4, "medium": 8, "large": 16, "selection": 2},
    "lecture_14_regularization": {"selection": 2},
    "lecture_17_transfer": {"selection": 2},
    "lecture_17_claims": {"similar": "digits", "dissimilar": "cloud", "small": 5, "large": 10, "selection": 2},
    "lecture_17_pretrained": {"small": 5, "large": 10, "selection": 2},
    "assignment_2_batch_size": {"dataset": "digits"},
    "assignment_2_weight_scale": {"dataset": "digits"},
    "order_and_chaos": {},
    "nearest_trained": {"depth": 3, "width": 9},
    "trained_near_diagnosed": {"network": "net.py:make@111111", "farthest": 100.0, "most": 1000},
    "what_trains": {"depth": 3, "width": 9},
    "outlook_at_depth": {"depth": 40, "activation": "tanh"},
    "layers_of_configuration": {"depth": 3, "width": 9},
    "quantity_over_seeds": {"study": "odd", "quantity": "xi", "study_values": ["color=blue", "size=9"]},
    "quantity_parts": {"study": "odd", "quantity": "xi"},
    "first_seed_quantity": {"study": "odd", "quantity": "xi"},
    "scatter_points": {"study": "odd"},
    "columns": {"relation": "signal_rates"},
}
# Other values of a parameter, each asked with all else as usual.
OTHERS: dict[str, list[Any]] = {
    "least_depth": [1, 2, 6],
    "unlike": [0.0, 40.0],
    "usual": [0.0, 40.0],
    "bent": [0.0, 40.0],
    "activation": ["relu", "tanh"],
    "activations": [["tanh"], []],
    "baseline_init": ["kaiming", "nobody"],
    "baseline_activation": ["relu"],
    "baseline_norm": ["batch"],
    "batch_size": [8],
    "batch_sizes": [[8]],
    "dataset": ["digits", "cloud"],
    "datasets": [["digits"], ["cloud", "gaussian"]],
    "depth": [1, 5],
    "depths": [[5], [2, 5]],
    "dissimilar": ["digits"],
    "farthest": [1.0, 3.0],
    "fast": [0.75],
    "init": ["kaiming", "nobody"],
    "inits": [["xavier"], list(SCALES[:2]), ["kaiming", "lsuv"]],
    "kind": ["activation"],
    "large": [8],
    "layers": [[2, 5]],
    "loss": [0.25],
    "level": [0.5],
    "enough": [2],
    "together": [2, 1000],
    "lr": [0.01],
    "lrs": [[0.1], [0.01, 1.0]],
    "medium": [16],
    "normalizes": ["units", "batch"],
    "eps": [0.25],
    "sigma_w": [0.5, 2.0],
    "sigma_b": [0.0],
    "unlike_start": [0.5],
    "alike_start": [1.0],
    "noise": [0.0, 2.0],
    "metrics": [["train_loss", "train_accuracy"], ["update_ratio", "test_loss", "grad_norm"], ["test_loss"] * 2, []],
    "most": [1, 40, 1000],
    "most_seeds": [1, None],
    "network": ["conv", "net.py:make@222222"],
    "networks": [["conv"]],
    "norm": ["batch"],
    "norms": [["batch"]],
    "optimizer": ["adam"],
    "optimizers": [["adam"]],
    "over": ["best"],
    "parts": [["left"]],
    "pinned": [["nobody|"], []],
    "preprocessing": ["whiten", "raw"],
    "preprocessings": [["raw"]],
    "quantity": ["chi"],
    "rates": [2],
    "relation": ["cells"],
    "roles": [["stream"], []],
    "selection": [4],
    "similar": ["cloud"],
    "size": [0.5],
    "small": [8],
    "step_counts": [[10]],
    "steps": [10, 20],
    "study": ["mean_field", "propagation"],
    "study_values": [None, ["color=blue", "size=9"], ["size=10"], ["nothing=1"], []],
    "agreement": [0.0, 1.0],
    "tap": ["pre", "grad"],
    "tolerance": [0.5],
    "better": [1.0],
    "centred": ["whiten"],
    "scaled": ["raw", "whiten"],
    "target_width": [4, 10_000],
    "target": [0.7, 0.8, 0.9],
    "variety": [0.0, 1.0],
    "width": [16],
    "widths": [[16]],
    "x": [
        "norm",
        "lr",
        "steps",
        "network",
        "dataset",
        "preprocessing",
        "activation",
        "width",
        "batch_size",
        "optimizer",
    ],
    "y": ["depth", "norm", "lr", "steps", "network", "dataset", "preprocessing", "width", "batch_size", "optimizer"],
}
# Parameters of the fragment that chooses configurations: one tells whether a query uses it.
SHARED = set(re.findall(r"^-- \$(\w+)", with_fragments("-- @chosen_configurations"), flags=re.MULTILINE))


def usual(query: queries.Query) -> dict[str, Any]:
    """Returns a value for every parameter."""
    default = {one.name: one.default for one in query.parameters}
    kind = PROPAGATION if default.get("dataset") == "gaussian" or "inits" not in default else TRAINING
    if query.name in ("recommendation", "lecture_10_depth_with_batch_norm") or "optimizer" in default:
        kind = TRAINING
    chosen = {name: value for name, value in kind.items() if name in default and default[name] is not None}
    return default | chosen | USUAL.get(query.name, {})


def all_cases(query: queries.Query) -> Iterator[dict[str, Any]]:
    """Yields what a query can be asked: the usual, and every parameter with other values."""
    values = usual(query)
    yield values
    for name in values:
        yield from (values | {name: other} for other in _others(name, values))


def covering() -> dict[str, list[dict[str, Any]]]:
    """Returns what each query is asked every time: each of its own parameters, and each value in some query."""
    asked: Counter[tuple[str, str]] = Counter()
    found = {}
    for query in queries.all().values():
        values = usual(query)
        found[query.name] = [values]
        known = {name: sum(asked[name, repr(one)] for one in OTHERS[name]) for name in values}
        shared = sorted(SHARED, key=known.__getitem__) if values.keys() >= SHARED else []
        for name in values:
            # Those first that no query was asked.
            others = sorted(_others(name, values), key=lambda other: asked[name, repr(other)])
            least = name not in shared[1:]
            for other in others[:least] + [other for other in others[least:] if not asked[name, repr(other)]]:
                asked[name, repr(other)] += 1
                found[query.name].append(values | {name: other})
    return found


def _others(name: str, values: dict[str, Any]) -> list[Any]:
    return [other for other in OTHERS[name] if other != values[name]]
