"""Untrained networks that a page compares, as a value, and what the store says of them."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, data
from goldilocks.dashboard.lecture.setting import COMPARED
from goldilocks.dashboard.question import Question

MOST_CONFIGURATIONS = 6
# What tells them apart.
CONFIGURATION = ("init", "activation", "norm")
LECTURE = list(COMPARED)


@dataclass(frozen=True)
class Configurations:
    """The networks that the page compares.

    Attributes:
        shape: what they have in common, by axis.
        inits: the chosen initializations.
        activations: the chosen activations.
        norms: the chosen normalizations.
    """

    shape: dict[str, Any]
    inits: list[str]
    activations: list[str]
    norms: list[str]

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of a query about them."""
        return self.shape | {"inits": self.inits, "activations": self.activations, "norms": self.norms}

    @property
    def signal(self) -> Question:
        """Their statistics by layer."""
        return Question("signal_by_layer", self.values)

    @property
    def verdicts(self) -> Question:
        """The verdicts on all networks of their shape."""
        return Question("configuration_verdicts", self.shape)


@dataclass(frozen=True)
class Shown:
    """What the page shows of its choices.

    Attributes:
        found: number of configurations that were chosen.
        names: those that are shown, in order.
        signal: their statistics by layer.
        rows: the same by configuration and layer.
        verdicts: their verdicts by configuration.
    """

    found: int
    names: list[str]
    signal: pd.DataFrame
    rows: dict[tuple[str, int], Any]
    verdicts: dict[str, Any]


def key(axis: str, network: str) -> str:
    """Return the name in the URL of a choice on an axis, one for each network of one's own: its values are its alone.

    Args:
        axis: the axis.
        network: the network; that of one's own ends with the digits of its digest.
    """
    _, at, digest = network.rpartition("@")
    return f"{axis}_of_{digest}" if at else axis


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """Name each configuration by its initialization and by what else tells it apart; the lecture's order first."""
    found = axes.named(frame, CONFIGURATION, "init")
    others = axes.varying(frame, ("activation", "norm"))
    found["variant"] = [
        ", ".join(axes.text(axis, value) for axis, value in zip(others, row, strict=True))
        for row in found[others].itertuples(index=False)
    ]
    if not axes.varying(frame, ("init",)) and others:
        found["configuration"] = [f"{i}, {c}" for i, c in zip(found["init"], found["configuration"], strict=True)]
    rank = found["init"].map(lambda init: LECTURE.index(init) if init in LECTURE else len(LECTURE))
    return found.loc[rank.sort_values(kind="stable").index].reset_index(drop=True)


@data.cached
def shown(configurations: Configurations) -> Shown:
    """Return what a page shows of configurations.

    Args:
        configurations: those that were chosen.
    """
    signal = named(configurations.signal.frame())
    found = list(dict.fromkeys(signal["configuration"]))
    names = found[:MOST_CONFIGURATIONS]
    signal = signal[signal["configuration"].isin(names)]
    judged = configurations.verdicts.frame()
    for axis in CONFIGURATION:
        judged = judged[judged[axis].isin(configurations.values[f"{axis}s"])]
    rows = {(row.configuration, row.layer): row for row in signal.itertuples()}
    return Shown(len(found), names, signal, rows, {row.configuration: row for row in named(judged).itertuples()})
