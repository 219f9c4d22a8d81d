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


def rebin(lo: np.ndarray, hi: np.ndarray, counts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return counts on other bins, as if values were spread evenly inside each of their own.

    Args:
        lo: left edge of the first bin of each histogram, [histogram].
        hi: right edge of its last bin; equal to lo when all values are equal.
        counts: number of values per bin, [histogram, bin].
        edges: edges of the wanted bins, ascending and evenly spaced.

    Returns:
        One number per histogram and wanted bin; what lies outside them is not counted.
    """
    lo, hi, counts = np.asarray(lo, float), np.asarray(hi, float), np.asarray(counts, float)
    bins = counts.shape[1]
    binned = np.zeros((len(counts), len(edges) - 1))
    spread = np.isfinite(lo) & np.isfinite(hi) & (hi > lo)
    cumulative = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)[spread]
    place = (edges[None, :] - lo[spread, None]) / (hi[spread] - lo[spread])[:, None] * bins
    left = np.clip(np.floor(place), 0, bins - 1).astype(int)
    below, above = np.take_along_axis(cumulative, left, 1), np.take_along_axis(cumulative, left + 1, 1)
    binned[spread] = np.diff(below + (above - below) * np.clip(place - left, 0, 1), axis=1)
    spikes = np.isfinite(lo) & (hi == lo) & (lo >= edges[0]) & (lo <= edges[-1])
    where = np.clip(np.searchsorted(edges, lo[spikes], side="right") - 1, 0, len(edges) - 2)
    binned[np.flatnonzero(spikes), where] = counts[spikes].sum(axis=1)
    return binned


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
    groups = histograms.groupby(by, sort=False)
    code, names = groups.ngroup().to_numpy(), histograms.drop_duplicates(by)[by].reset_index(drop=True)
    binned, values = np.zeros((len(names), bins)), np.zeros(len(names))
    for length, rows in histograms.groupby(histograms["counts"].map(len)).indices.items():
        counts = np.stack(histograms["counts"].to_numpy()[rows]).reshape(len(rows), length)
        lo, hi = (histograms[edge].to_numpy()[rows] for edge in ("lo", "hi"))
        np.add.at(binned, code[rows], rebin(lo, hi, counts, edges))
        np.add.at(values, code[rows], counts.sum(axis=1))
    beyond = groups[["underflow", "overflow"]].sum().sum(axis=1).to_numpy()
    nonfinite = groups["nonfinite"].sum().to_numpy()
    total = np.maximum(values + beyond + nonfinite, 1.0)
    share = binned / total[:, None]
    largest = np.maximum(share.max(axis=1), LOWEST_FULL_BAR / bins)
    found = names.loc[names.index.repeat(bins)].reset_index(drop=True)
    found["left"], found["right"] = np.tile(edges[:-1], len(names)), np.tile(edges[1:], len(names))
    found["share"], found["height"] = share.ravel(), (share / largest[:, None]).ravel()
    found["outside"] = np.repeat(np.maximum(0.0, 1.0 - nonfinite / total - share.sum(axis=1)), bins)
    found["nonfinite"] = np.repeat(nonfinite / total, bins)
    return found[columns]
