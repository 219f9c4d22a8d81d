"""The plane of order and chaos: points of a grid as tiles, and the edge between them."""

import numpy as np
import pandas as pd


def placed(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points that have a place in the plane: both of their variances are finite.

    Args:
        points: weight_variance and bias_variance.
    """
    return points[np.isfinite(points[["weight_variance", "bias_variance"]].astype(float)).all(axis=1)]


def tiles(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points of the plane with the edges of a tile around each: half-way to its neighbours.

    Args:
        points: weight_variance and bias_variance, finite, forming a grid with or without gaps.
    """
    weight, bias = (_edges(points[name]) for name in ("weight_variance", "bias_variance"))
    found = points.rename(columns={"weight_variance": "weight", "bias_variance": "bias"})
    for name, edges in (("weight", weight), ("bias", bias)):
        found[f"{name}_low"] = found[name].map(lambda value, edges=edges: edges[value][0])
        found[f"{name}_high"] = found[name].map(lambda value, edges=edges: edges[value][1])
    return found


def _edges(values: pd.Series) -> dict[float, tuple[float, float]]:
    distinct = np.unique(values.to_numpy(float))
    if len(distinct) == 1:
        return {float(distinct[0]): (float(distinct[0]) - 0.5, float(distinct[0]) + 0.5)}
    middles = (distinct[1:] + distinct[:-1]) / 2
    low = np.concatenate([[max(0.0, distinct[0] - (middles[0] - distinct[0]))], middles])
    high = np.concatenate([middles, [distinct[-1] + (distinct[-1] - middles[-1])]])
    return {float(value): (float(a), float(b)) for value, a, b in zip(distinct, low, high, strict=True)}


def edge(points: pd.DataFrame) -> pd.DataFrame:
    """Return where χ₁ passes 1 along the weight variance, one point per bias variance, interpolated in ln χ₁.

    Args:
        points: weight_variance, bias_variance, chi.
    """
    crossings = []
    for bias, row in points.sort_values("weight_variance").groupby("bias_variance"):
        sound = row[np.isfinite(row["chi"]) & (row["chi"] > 0)]
        log, weight = np.log(sound["chi"].to_numpy(float)), sound["weight_variance"].to_numpy(float)
        for place in np.flatnonzero((log[:-1] < 0) & (log[1:] >= 0)):
            share = -log[place] / (log[place + 1] - log[place])
            crossings.append({"weight": weight[place] + share * (weight[place + 1] - weight[place]), "bias": bias})
    return pd.DataFrame(crossings, columns=["weight", "bias"])
