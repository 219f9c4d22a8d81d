"""The grid that measures what a reader wishes for: written out, so that it can be read and changed before it runs."""

import json
from collections.abc import Mapping
from typing import Any

from goldilocks.dashboard.wish import Wish

# Candidates where nothing is known: the usual schemes, and rates a factor of ten apart for each kind of optimizer.
INITS = ("xavier", "kaiming", "orthogonal")
RATES, ADAPTIVE_RATES = (0.01, 0.1), (0.001, 0.01)
ADAPTIVE = ("adam", "adamw", "rmsprop")
SEEDS = (0, 1, 2)
OPTIMIZER = "sgd"
TEMPLATE = """name = "wish"

[[study]]
kind = "training"
{lines}
"""


def text(wish: Wish, usual: Mapping[str, Any]) -> str:
    """Return the grid as TOML.

    Args:
        wish: what is wanted.
        usual: data set, preprocessing, batch size and steps of the networks that were trained most.
    """
    optimizer = wish.optimizer or OPTIMIZER
    values = {
        "dataset": wish.dataset or usual["dataset"],
        "preprocessing": usual["preprocessing"],
        "network": wish.network,
        "width": wish.width,
        "depth": wish.depth,
        "init": INITS,
        "activation": wish.activation,
        "norm": wish.norms,
        "optimizer": optimizer,
        "lr": ADAPTIVE_RATES if optimizer.partition("(")[0] in ADAPTIVE else RATES,
        "batch_size": usual["batch_size"],
        "steps": usual["steps"],
        "seed": SEEDS,
    }
    return TEMPLATE.format(lines="\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items()))
