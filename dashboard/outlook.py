"""What theory says of a network that nobody trained: does its signal survive, and by which factor does it change?"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, data, snippet
from goldilocks.dashboard.numerals import SUPERSCRIPTS, numeral

SURVIVES, EXPLODES, VANISHES, UNKNOWN = "survives", "will explode", "will vanish", "unknown"
# With these, units are alike: no theory of independent weights is theirs, whatever the normalization.
ALIKE = ("zeros", "constant")
# Up to so many decades a factor is written out.
WRITTEN = 3


def expected(wanted: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of the named query `outlook_at_depth` for a wanted network.

    Args:
        wanted: activation, depth, width and networks, a list of one.
    """
    asked = {"activation": wanted["activation"], "depth": wanted["depth"], "target_width": wanted["width"]}
    return data.query("outlook_at_depth", network=wanted["networks"][0], **asked)


def of(rows: pd.DataFrame, init: str, norm: str, width: int) -> pd.Series | None:
    """Return what theory says of an initialization with a normalization, or None where the store has no theory of it.

    A fixed standard deviation is known at its own width only; a normalized layer forgets the scale of its weights.

    Args:
        rows: what `expected` returns.
        init: the initialization, as the store writes it.
        norm: the normalization.
        width: units per layer for which its standard deviation is meant.
    """
    name, _ = snippet.parts(init)
    if name in ALIKE:
        return None
    alike = rows[rows["norm"] == norm]
    own = alike[alike["init"] == init]
    if name in snippet.SCALES:
        own = own[own["width"] == width]
    if own.empty and norm != "none":
        own = alike[~alike["init"].map(lambda one: snippet.parts(one)[0]).isin(ALIKE)]
    return None if own.empty else own.sort_values(["depth", "width"], ascending=False).iloc[0]


def verdict(row: pd.Series | None) -> str:
    """Return survives, will explode, will vanish or unknown."""
    return UNKNOWN if row is None else str(row["outlook"])


def reason(row: pd.Series | None) -> str:
    """Return in words what theory says, and what makes it uncertain."""
    if row is None:
        return "the store has no theory for it; a propagation study with these axes adds it"
    forward, backward = float(row["forward"]), float(row["backward"])
    if abs(backward) >= abs(forward):
        told = f"the gradient changes by a factor of {power(backward)} on its way to the first layer"
    else:
        told = f"the signal changes by a factor of {power(forward)} on its way to the last layer"
    if row["outlook"] == UNKNOWN:
        told += f", but networks so narrow for their depth stray from that by a factor of up to {power(row['doubt'])}"
    return told


def power(decades: float) -> str:
    """Return ten to some power as it stands in a sentence."""
    if abs(decades) <= WRITTEN:
        return numeral(10**decades, 2)
    return f"10{str(round(decades)).translate(SUPERSCRIPTS)}"


def named(row: Any) -> str:
    """Return an initialization with its normalization in words."""
    return f"{row.init}, {axes.text('norm', row.norm)}"
