"""Fixed points of the length map q ← σw² V(q) + σb²: where they are, whether they attract, and which one is reached.

A network starts at q₁ = σw² E x² + σb², not at a fixed point, and the map may have several. All of them are found, with
α = σw² V′(q): where α is below 1 deviations from q shrink. V grows with q for every activation here, so the iteration
is monotone and comes to rest at the next fixed point in its direction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import ceil, exp, floor, inf, log

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.length_map import LengthMap

# Fixed points are looked for on a grid of ln q, from −FARTHEST to FARTHEST; further out where σw² or σb² are.
FARTHEST, STEP, MARGIN = 60.0, 0.25, 10.0
# Relative distance from a fixed point within which a turn of the map between grid points may reach one.
CLOSE = 0.05
# Around a crossing so flat the grid has so many points more.
FLAT, FINE = 1e-3, 60
# The variances at those distances: what q is taken for where it shrinks or grows without end.
SMALLEST, LARGEST = exp(-FARTHEST), exp(FARTHEST)
# Relative differences of this size are rounding; smaller ones are noise, and the sign of their neighbours counts.
ROUNDING, NOISE = 1e-9, 1e-12

Growth = Callable[[np.ndarray], np.ndarray]


class Stability(StrEnum):
    """What becomes of small deviations from a fixed point."""

    ATTRACTS = "attracts"
    REPELS = "repels"
    FROM_BELOW = "attracts from below"
    FROM_ABOVE = "attracts from above"
    NEUTRAL = "every q is a fixed point"


@dataclass(frozen=True)
class FixedPoint:
    """A fixed point of the length map.

    Attributes:
        q: variance of the pre-activations; infinite where the variance grows without end.
        alpha: α = σw² V′(q), the factor on a small deviation per layer; at 0 and infinity its limit.
        stability: what becomes of small deviations, also where α = 1 does not tell.
    """

    q: float
    alpha: float
    stability: Stability


@lru_cache(maxsize=4096)
def fixed_points(
    activation: Activation, weight_variance: float, bias_variance: float, eps: float | None = None
) -> tuple[FixedPoint, ...]:
    """Return every fixed point of the length map by ascending q: 0 where it is one, infinity where q grows without end.

    Args:
        activation: φ.
        weight_variance: σw².
        bias_variance: σb².
        eps: of a normalization over the units of each example; None without one.

    Returns:
        At least one; where every q is a fixed point, the one that N(0,1) inputs start at.
    """
    if weight_variance == 0:
        return (FixedPoint(bias_variance, 0.0, Stability.ATTRACTS),)

    layer = LengthMap(activation, weight_variance, bias_variance, eps)

    def growth(log_q: np.ndarray) -> np.ndarray:
        q = np.exp(log_q)
        return layer(q) / q - 1

    def point(q: float, stability: Stability) -> FixedPoint:
        return fixed_point(q, layer.alpha(min(max(q, SMALLEST), LARGEST)), stability)

    grid, values = _grid(layer, growth)
    if (np.abs(values) < ROUNDING).all():
        return (FixedPoint(first_variance(weight_variance, bias_variance), 1.0, Stability.NEUTRAL),)
    signs = _signs(values)
    points = [point(exp(log_q), stability) for log_q, stability in _roots(growth, grid, values, signs)]
    if layer(0.0) == 0:
        points.insert(0, point(0.0, Stability.ATTRACTS if signs[0] < 0 else Stability.REPELS))
    if signs[-1] > 0:
        points.append(point(inf, Stability.ATTRACTS))
    return tuple(points)


def fixed_point(q: float, alpha: float, stability: Stability) -> FixedPoint:
    """Return a fixed point at which the map crosses the diagonal, or does not.

    Args:
        q: where.
        alpha: the slope of the map there.
        stability: what the signs of its growth on both sides make of small deviations.
    """
    # A decreasing map overshoots, by more each time where it is steep.
    overshoots = stability is Stability.ATTRACTS and alpha < -1
    return FixedPoint(q, alpha, Stability.REPELS if overshoots else stability)


def first_variance(weight_variance: float, bias_variance: float, second_moment: float = 1.0) -> float:
    """Return q₁ = σw² E x² + σb², the variance of the pre-activations of the first layer.

    Args:
        weight_variance: σw².
        bias_variance: σb².
        second_moment: E x² of the inputs; 1 for N(0,1).
    """
    return weight_variance * second_moment + bias_variance


def reached(
    activation: Activation,
    weight_variance: float,
    bias_variance: float,
    second_moment: float = 1.0,
    eps: float | None = None,
) -> FixedPoint:
    """Return the fixed point that a network comes to from its first layer.

    Args:
        activation: φ.
        weight_variance: σw².
        bias_variance: σb².
        second_moment: E x² of the inputs; 1 for N(0,1).
        eps: of a normalization over the units of each example; None without one.
    """
    first = first_variance(weight_variance, bias_variance, second_moment)
    points = fixed_points(activation, weight_variance, bias_variance, eps)
    return settled(points, first, LengthMap(activation, weight_variance, bias_variance, eps)(first))


def settled(points: Sequence[FixedPoint], first: float, second: float) -> FixedPoint:
    """Return the fixed point that a network comes to from the variances of its first two layers.

    Args:
        points: all fixed points by ascending q.
        first: q₁.
        second: q₂, which the map makes of it.
    """
    if points[0].stability is Stability.NEUTRAL:
        return FixedPoint(first, points[0].alpha, points[0].stability)
    step = second - first
    if abs(step) <= ROUNDING * first:
        return min(points, key=lambda point: abs(point.q - first))
    if step > 0:
        return next((point for point in points if point.q > first), points[-1])
    return next((point for point in reversed(points) if point.q < first), points[0])


@lru_cache(maxsize=256)
def coarse(activation: Activation, eps: float | None, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Return evenly spaced values of ln q and V/q there: what the maps of an activation have in common."""
    # No grid point at a round number, where a fixed point might lie.
    log_q = np.arange(low, high, STEP) + STEP / 7
    return log_q, LengthMap(activation, 1.0, 0.0, eps)(np.exp(log_q)) / np.exp(log_q)


def span(weight_variance: float, bias_variance: float, eps: float | None) -> tuple[float, float]:
    """Return the smallest and the largest ln q at which fixed points are looked for."""
    scales = [log(scale) for scale in (weight_variance, bias_variance, eps or 0.0) if scale > 0]
    low = FARTHEST * floor((min(0, *scales) - MARGIN) / FARTHEST)
    return low, FARTHEST * ceil((max(0, *scales) + MARGIN) / FARTHEST)


def _grid(layer: LengthMap, growth: Growth) -> tuple[np.ndarray, np.ndarray]:
    """Return ascending values of ln q, and the growth of q there."""
    weight_variance, bias_variance = layer.weight_variance, layer.bias_variance
    grid, ratio = coarse(layer.activation, layer.eps, *span(weight_variance, bias_variance, layer.eps))
    values = weight_variance * ratio + bias_variance * np.exp(-grid) - 1
    crosses = np.diff(_signs(values), append=0.0)[:-1] != 0
    flat = np.flatnonzero(crosses[1:-1] & (np.maximum(np.abs(values[:-3]), np.abs(values[3:])) < FLAT)) + 1
    # Where a crossing is so flat, other fixed points may be close to it.
    fine = [np.linspace(grid[i - 1], grid[i + 2], FINE)[1:-1] for i in flat]
    if not fine:
        return grid, values
    grid = np.unique(np.concatenate([grid, *fine]))
    return grid, growth(grid)


def _signs(values: np.ndarray) -> np.ndarray:
    """Return the sign of each value; noise takes that of the next value above, or of the last one below."""
    signs = np.sign(np.where(np.abs(values) < NOISE, 0.0, values))
    known = np.flatnonzero(signs)
    if not len(known):
        return signs
    return signs[known[np.minimum(np.searchsorted(known, np.arange(len(signs))), len(known) - 1)]]


def _roots(growth: Growth, grid: np.ndarray, values: np.ndarray, signs: np.ndarray) -> list[tuple[float, Stability]]:
    """Return where the growth is zero, and what that makes of deviations."""

    def at(log_q: float) -> float:
        return float(growth(np.array([log_q]))[0])

    roots = []
    for i in np.flatnonzero(np.diff(signs)):
        low, high = float(grid[i]), float(grid[i + 1])
        # Where noise hides the crossing, its place is known no better than the grid.
        crossing = float(brentq(at, low, high, xtol=1e-13)) if values[i] * values[i + 1] < 0 else low
        roots.append((crossing, Stability.ATTRACTS if signs[i] > 0 else Stability.REPELS))
    slopes = np.diff(values)
    directions = np.sign(np.where(np.abs(slopes) < ROUNDING, 0.0, slopes))
    # Between points of equal sign the growth may touch zero, or cross it twice, where it turns.
    turns = (directions[:-1] == -signs[1:-1]) & (directions[1:] == signs[1:-1]) & (signs[:-2] == signs[2:])
    for i in np.flatnonzero(turns & (np.abs(values[1:-1]) < CLOSE)) + 1:
        roots += _touching(at, float(grid[i - 1]), float(grid[i + 1]), signs[i])
    return sorted(roots)


def _touching(at: Callable[[float], float], low: float, high: float, sign: float) -> list[tuple[float, Stability]]:
    """Return the roots between two points of equal sign: none, a pair, or one where the growth touches zero."""
    bottom = minimize_scalar(lambda x: sign * at(x), bounds=(low, high), method="bounded", options={"xatol": 1e-9})
    if bottom.fun > ROUNDING:
        return []
    if bottom.fun > -ROUNDING:
        return [(float(bottom.x), Stability.FROM_BELOW if sign > 0 else Stability.FROM_ABOVE)]
    pair = [float(brentq(at, low, bottom.x, xtol=1e-13)), float(brentq(at, bottom.x, high, xtol=1e-13))]
    kinds = [Stability.ATTRACTS, Stability.REPELS]
    return list(zip(pair, kinds if sign > 0 else kinds[::-1], strict=True))
