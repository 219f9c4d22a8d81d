"""Histograms with bins of their own, brought onto common bins so that they can be laid side by side."""

import numpy as np
import pandas as pd

# Inputs and the gradient that is sent back have unit variance: a distribution reaching this far has exploded. It is
# clipped, so that those of an ordinary width stay visible beside it.
EXPLODED = 20.0
# Where hardly anything of a distribution is on the axis, its bars stay low: a full bar is at least this share of an
# even spread over all bins.
LOWEST_FULL_BAR = 0.2


def common_range(histograms: pd.DataFrame) -> tuple[float, float]:
    """Return the range of the common axis.

    Args:
        histograms: rows with lo and hi; non-finite ones are passed over.

    Returns:
        The smallest range that holds every histogram that has not exploded, zero included, or the narrowest one where
        all have; (-1, 1) when there is none.
    """
    finite = histograms[np.isfinite(histograms["lo"]) & np.isfinite(histograms["hi"])]
    reach = finite[["lo", "hi"]].abs().max(axis=1)
    if reach.empty or reach.max() == 0:
        return -1.0, 1.0
    ordinary = finite[reach <= max(EXPLODED, reach[reach > 0].min())]
    low, high = min(ordinary["lo"].min(), 0.0), max(ordinary["hi"].max(), 0.0)
    margin = 0.02 * (high - low)
    return float(low - margin), float(high + margin)


def rebin(lo: float, hi: float, counts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the counts on other bins, as if values were spread evenly inside each of their own.

    Args:
        lo: left edge of the first bin.
        hi: right edge of the last bin; equal to lo when all values are equal.
        counts: number of values per bin.
        edges: edges of the wanted bins, ascending.

    Returns:
        One number per wanted bin; what lies outside them is not counted.
    """
    counts = np.asarray(counts, float)
    if not (np.isfinite(lo) and np.isfinite(hi)):
        return np.zeros(len(edges) - 1)
    if hi <= lo:
        spike, _ = np.histogram([lo], bins=edges, weights=[counts.sum()])
        return spike
    own = np.linspace(lo, hi, len(counts) + 1)
    cumulative = np.concatenate([[0.0], np.cumsum(counts)])
    return np.diff(np.interp(edges, own, cumulative))


def on_common_bins(histograms: pd.DataFrame, by: list[str], bins: int = 60) -> pd.DataFrame:
    """Bring histograms onto common bins, summed over the rows of each group (the seeds).

    Args:
        histograms: rows of the store's view `histograms`.
        by: columns that name a group, for instance configuration and layer.
        bins: number of common bins.

    Returns:
        One row per group and bin: by…, left, right, share (of all values), height (share over the group's largest),
        outside (share of the group's finite values beyond the axis), nonfinite (share that is NaN or infinite).
    """
    columns = [*by, "left", "right", "share", "height", "outside", "nonfinite"]
    if histograms.empty:
        return pd.DataFrame(columns=columns)
    edges = np.linspace(*common_range(histograms), bins + 1)
    parts = []
    for key, group in histograms.groupby(by, sort=False):
        binned = sum(rebin(row.lo, row.hi, row.counts, edges) for row in group.itertuples())
        beyond = group["underflow"].sum() + group["overflow"].sum()
        nonfinite = group["nonfinite"].sum()
        total = float(sum(np.sum(row.counts) for row in group.itertuples()) + beyond + nonfinite) or 1.0
        part = pd.DataFrame({"left": edges[:-1], "right": edges[1:], "share": np.asarray(binned) / total})
        largest = part["share"].max()
        part["height"] = part["share"] / max(largest, LOWEST_FULL_BAR / bins)
        part["outside"] = max(0.0, 1.0 - nonfinite / total - part["share"].sum())
        part["nonfinite"] = nonfinite / total
        for name, value in zip(by, key, strict=True):
            part[name] = value
        parts.append(part)
    return pd.concat(parts, ignore_index=True)[columns]
