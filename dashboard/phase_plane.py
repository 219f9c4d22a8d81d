"""The plane of order and chaos: points of a grid as tiles, the edge between them, and the schemes that lie on it."""

import numpy as np
import pandas as pd

from goldilocks.dashboard import axes, snippet
from goldilocks.dashboard.lecture.setting import OWN
from goldilocks.dashboard.written import family

# Weight variances that agree to so many decimals are one place.
DECIMALS = 3
# The edge of a grid is that near to the exact one, as a share of the weight variance.
CLOSE = 0.03


def on_grid(points: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the points that were computed for their place, and not because an initialization lies there.

    Args:
        points: inits, a list of initializations.
        name: of the initialization that is a point of the plane, given by its variances.
    """
    return points[points["inits"].map(lambda inits: any(family(init) == name for init in inits)).astype(bool)]


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


def with_several_fates(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points at which the variance may settle in several places, with these as `fates`, ascending.

    Args:
        points: attracting and half_stable, lists of variances or nothing.
    """
    lists = zip(points["attracting"], points["half_stable"], strict=True)
    fates = [sorted(q for found in row if isinstance(found, list | np.ndarray) for q in found) for row in lists]
    found = points.assign(fates=pd.Series(fates, index=points.index, dtype=object))
    return found[found["fates"].map(len) > 1]


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


def exact(crossings: pd.DataFrame, curve: pd.DataFrame) -> pd.DataFrame:
    """Return the edge with the points of a curve where it follows that curve; elsewhere as it was.

    A curve that networks do not come to, since they rest elsewhere, is no edge: it counts where the grid crosses it.

    Args:
        crossings: weight and bias, where the grid found χ₁ to pass 1, one row per bias variance.
        curve: weight_variance, bias_variance and attracts, exact points.
    """
    sound = curve[curve["attracts"]].drop_duplicates("bias_variance").sort_values("bias_variance")
    if len(crossings) < 2 or len(sound) < 2 or not crossings["bias"].is_monotonic_increasing:
        return crossings
    weight, bias = (sound[name].to_numpy(float) for name in ("weight_variance", "bias_variance"))
    within = (bias >= crossings["bias"].min()) & (bias <= crossings["bias"].max())
    expected = np.interp(bias, crossings["bias"], crossings["weight"])
    kept = within & (np.abs(weight / expected - 1) < CLOSE)
    if kept.sum() < 2:
        return crossings
    low, high = bias[kept].min(), bias[kept].max()
    others = crossings[(crossings["bias"] < low) | (crossings["bias"] > high)]
    followed = pd.DataFrame({"weight": weight[kept], "bias": bias[kept]})
    return pd.concat([others, followed]).sort_values("bias", ignore_index=True)


def initializations(scales: pd.DataFrame) -> pd.DataFrame:
    """Return where initializations without biases lie, one row per place, by ascending weight variance.

    Args:
        scales: init and sigma_w.

    Returns:
        init (all names of a place, those of the lecture first), weight (σw²), bias (0).
    """
    names = axes.ordered("init", scales["init"])
    # The lecture's own stand at the head of what shares a place, and hence colour it.
    names = sorted(names, key=lambda name: family(name) not in OWN)
    weights = scales.set_index("init")["sigma_w"].astype(float).pow(2).round(DECIMALS)
    joined = pd.Series(names, index=weights[names], dtype=object).groupby(level=0, sort=True).agg(", ".join)
    return pd.DataFrame({"init": joined.to_numpy(), "weight": joined.index.to_numpy(float), "bias": 0.0})


def widest(scales: pd.DataFrame) -> str:
    """Return at which width schemes lie where they do, as a sentence.

    Args:
        scales: the rows of the named query `weight_scales`.
    """
    rule = "Where a scheme's weights depend on the width, the widest network measured counts."
    fixed = scales[scales["init"].map(lambda init: snippet.scale(init) is not None).astype(bool)]
    if fixed["width"].nunique() < 2:
        return rule
    ordered = fixed.set_index("init").loc[axes.ordered("init", fixed["init"])]
    return f"{rule} That is {', '.join(f'{init}: {width} units' for init, width in ordered['width'].items())}."
