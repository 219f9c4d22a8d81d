"""What theory says of a network that nobody trained: does its signal survive, and by which factor does it change?"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, snippet
from goldilocks.dashboard.lecture.setting import NO_NORM
from goldilocks.dashboard.members import members
from goldilocks.dashboard.numerals import SUPERSCRIPTS, numeral
from goldilocks.dashboard.written import family

SURVIVES, EXPLODES, VANISHES, UNKNOWN = "survives", "will explode", "will vanish", "unknown"
# Up to so many decades a factor is written out.
WRITTEN = 3


def judged(tried: pd.DataFrame, rows: pd.DataFrame, width: int) -> pd.DataFrame:
    """Return combinations with what theory says of each on a network that nobody trained: columns outlook and why.

    Args:
        tried: init and norm of each.
        rows: of the named query `outlook_at_depth`, for that network.
        width: units per layer for which the standard deviations of the combinations are meant.
    """
    # Whatever the learning rate and the optimizer are.
    pairs = list(zip(tried["init"], tried["norm"], strict=True))
    theory = {pair: of(rows, *pair, width) for pair in dict.fromkeys(pairs)}
    found = [theory[pair] for pair in pairs]
    return tried.assign(outlook=[verdict(row) for row in found], why=[reason(row) for row in found])


def of_untrained(rows: pd.DataFrame, norms: Sequence[str], width: int) -> pd.DataFrame:
    """Return what theory says of all that it knows with some normalizations, with the reason: column why.

    Args:
        rows: of the named query `outlook_at_depth`.
        norms: the normalizations.
        width: units per layer that are wanted: a fixed standard deviation means something at its own width only.
    """
    fixed = rows["init"].map(lambda init: snippet.scale(init) is not None).astype(bool)
    known = rows[rows["norm"].isin(norms) & (~fixed | (rows["width"] == width))]
    known = known.sort_values(["depth", "width"], ascending=False)
    return known.assign(why=[reason(row) for _, row in known.iterrows()])


def of(rows: pd.DataFrame, init: str, norm: str, width: int) -> pd.Series | None:
    """Return what theory says of an initialization with a normalization, or None where the store has no theory of it.

    A fixed standard deviation is known at its own width only; a normalized layer forgets the scale of its weights.

    Args:
        rows: of the named query `outlook_at_depth`.
        init: the initialization, as the store writes it.
        norm: the normalization.
        width: units per layer for which its standard deviation is meant.
    """
    # Where units are alike, no theory of independent weights holds, whatever the normalization.
    alike = members().alike
    if family(init) in alike:
        return None
    same = rows[rows["norm"] == norm]
    own = same[same["init"] == init]
    if snippet.scale(init):
        own = own[own["width"] == width]
    if own.empty and norm != NO_NORM:
        own = same[~same["init"].map(family).isin(alike)]
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
        change = f"the gradient changes by a factor of {power(backward)} on its way to the first layer"
    else:
        change = f"the signal changes by a factor of {power(forward)} on its way to the last layer"
    if row["outlook"] == UNKNOWN:
        change += f", but networks so narrow for their depth stray from that by a factor of up to {power(row['doubt'])}"
    return change


def power(decades: float) -> str:
    """Return ten to some power as it stands in a sentence."""
    if abs(decades) <= WRITTEN:
        return numeral(10**decades, 2)
    return f"10{str(round(decades)).translate(SUPERSCRIPTS)}"


def named(row: Any) -> str:
    """Return an initialization with its normalization in words."""
    return f"{row.init}, {axes.text('norm', row.norm)}"
