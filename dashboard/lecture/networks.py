"""Which untrained network of the store shows a configuration, and the store's verdict on it."""

from typing import Any

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.dashboard.cell_filters import plain

SHAPE = ("network", "dataset", "preprocessing", "depth", "width", "batch_size")


def lecture_network(
    init: str, activation: str, norm: str = "none", deepest: bool = False, network: str = "mlp"
) -> dict[str, Any] | None:
    """Return the shape of the untrained network on Gaussian inputs that shows a configuration: the widest, or deepest.

    The slides are about fully connected networks on such inputs, and so are their named queries. The store may hold
    others that are wider or deeper.

    Args:
        init: initialization.
        activation: activation.
        norm: normalization.
        deepest: whether depth matters more than width.
        network: kind of network.
    """
    networks = data.query("propagation_networks")
    networks = networks[(networks["network"] == network) & (networks["dataset"] == "gaussian")]
    fits = [init in row.inits and activation in row.activations and norm in row.norms for row in networks.itertuples()]
    found = networks[fits] if len(networks) else networks
    if found.empty:
        return None
    order = ["depth", "width"] if deepest else ["width", "depth"]
    row = found.sort_values(order, ascending=False, kind="stable").iloc[0]
    return {key: plain(row[key]) for key in SHAPE}


def verdict_on(shape: dict[str, Any], init: str, activation: str, norm: str = "none") -> pd.Series | None:
    """Return the verdict on a configuration, with its rates and how many seeds agree."""
    if not shape:
        return None
    found = data.query("configuration_verdicts", **shape)
    own = found[(found["init"] == init) & (found["activation"] == activation) & (found["norm"] == norm)]
    return None if own.empty else own.iloc[0]
