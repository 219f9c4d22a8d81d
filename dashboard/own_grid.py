"""The grid that measures what a reader wishes for: written out, so that it can be read and changed before it runs."""

import json
from collections.abc import Mapping
from typing import Any

from goldilocks.dashboard.lecture.setting import COMPARED
from goldilocks.dashboard.wish import Wish

# Candidates where nothing is known: what the lecture compares, and rates a factor of ten apart that suit one optimizer
# or another.
INITS = tuple(COMPARED)
RATES = (0.001, 0.01, 0.1)
SEEDS = (0, 1, 2)
TEMPLATE = """name = "wish"

[[study]]
kind = "training"
{lines}
"""


def text(wish: Wish, usual: Mapping[str, Any]) -> str:
    """Return the grid as TOML.

    Args:
        wish: what is wanted.
        usual: data set, preprocessing, optimizer, batch size and steps of the networks that were trained most.
    """
    values = {
        "dataset": wish.dataset or usual["dataset"],
        "preprocessing": usual["preprocessing"],
        "network": wish.network,
        "width": wish.width,
        "depth": wish.depth,
        "init": INITS,
        "activation": wish.activation,
        "norm": wish.norms,
        "optimizer": wish.optimizer or usual["optimizer"],
        "lr": RATES,
        "batch_size": usual["batch_size"],
        "steps": usual["steps"],
        "seed": SEEDS,
    }
    return TEMPLATE.format(lines="\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items()))
