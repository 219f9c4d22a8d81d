"""Many points of the plane of σw² and σb² at once: their fixed points, and what a network of infinite depth does there.

Says of each point what `phase` and `fixed_points` say of one, in a small part of their time: a grid of length maps is
one product, their crossings of the diagonal are narrowed down side by side, and correlations follow the expansion of φ
in Hermite polynomials where what it leaves out does not matter. What is delicate, such as a map that touches the
diagonal, is left to those two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isnan

import numpy as np
import torch
from scipy.optimize import elementwise

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.criticality import TRIED, Phase, decay, phase
from goldilocks.engine.theory.fixed_points import (
    CLOSE,
    FLAT,
    LARGEST,
    ROUNDING,
    SMALLEST,
    FixedPoint,
    Stability,
    coarse,
    fixed_point,
    fixed_points,
    settled,
    span,
)
from goldilocks.engine.theory.gaussian import nodes, scale
from goldilocks.engine.theory.length_map import LengthMap
from goldilocks.engine.theory.maps import slope

# Terms of the expansion that carries correlations, and the largest error of a correlation by what it leaves out.
TERMS, LEFT_OUT = 96, 1e-11
# Correlations above this are 1 to the eye of the expansion.
BELOW = 1 - 1e-6
# Points are expanded so many at a time, so that the nodes of their quadrature fit into the cache.
CHUNK = 64
POWERS = np.arange(TERMS)


@dataclass(frozen=True)
class Point:
    """A point of the plane.

    Attributes:
        phase: what a network of infinite depth and width does.
        fixed_points: all fixed points of the variance, by ascending q.
    """

    phase: Phase
    fixed_points: tuple[FixedPoint, ...]


def plane(activation: Activation, variances: Sequence[tuple[float, float]], eps: float | None = None) -> list[Point]:
    """Describe networks of infinite depth and width at points of the plane, for N(0,1) inputs.

    Args:
        activation: φ.
        variances: σw² and σb² of each point.
        eps: of a normalization over the units of each example; None without one.

    Returns:
        A point for each, in order.
    """
    if not variances:
        return []
    # All of them are multiples of one map: that of σw² = 1 and σb² = 0.
    unit = LengthMap(activation, 1.0, 0.0, eps)
    weight, bias = np.array(variances, dtype=float).T
    at_each = _fixed_points(unit, weight, bias)
    plain = np.array([number for number, points in enumerate(at_each) if points is not None], dtype=int)
    known = [points for points in at_each if points is not None]
    phases = dict(zip(plain.tolist(), _phases(unit, weight[plain], bias[plain], known), strict=True)) if known else {}
    return [
        Point(
            phases.get(number) or phase(activation, *pair, eps=eps),
            points or fixed_points(activation, *pair, eps),
        )
        for number, (pair, points) in enumerate(zip(variances, at_each, strict=True))
    ]


def _fixed_points(unit: LengthMap, weight: np.ndarray, bias: np.ndarray) -> list[tuple[FixedPoint, ...] | None]:
    """Return the fixed points of each map, None where it takes a closer look to know them."""
    spans = [span(float(w), float(b), unit.eps) if w > 0 else None for w, b in zip(weight, bias, strict=True)]
    usual = next((one for one in spans if one), None)
    if usual is None:
        return [None] * len(spans)
    grid, ratio = coarse(unit.activation, unit.eps, *usual)
    growth = weight[:, None] * ratio + bias[:, None] * np.exp(-grid) - 1
    plain = np.array([one == usual for one in spans]) & ~_delicate(growth)
    row, place = np.nonzero((np.diff(np.sign(growth)) != 0) & plain[:, None])
    roots = elementwise.find_root(
        lambda log_q, w, b: (w * unit(np.exp(log_q)) + b) / np.exp(log_q) - 1,
        (grid[place], grid[place + 1]),
        args=(weight[row], bias[row]),
        tolerances={"xatol": 1e-13},
    )
    plain[row[~roots.success]] = False
    zero = unit(0.0) == 0
    crossings: list[list[tuple[float, Stability]]] = [[] for _ in spans]
    for number in np.flatnonzero(plain & (bias == 0)) if zero else ():
        crossings[number].append((0.0, _stability(-growth[number, 0])))
    for number, log_q, left in zip(row, roots.x, growth[row, place], strict=True):
        crossings[number].append((exp(log_q), _stability(left)))
    for number in np.flatnonzero(plain & (growth[:, -1] > 0)):
        crossings[number].append((inf, Stability.ATTRACTS))
    at = np.array([q for points in crossings for q, _ in points])
    alphas = iter(unit.alpha(np.clip(at, SMALLEST, LARGEST)).tolist())
    made = [
        tuple(fixed_point(q, float(w) * next(alphas), stability) for q, stability in points)
        for w, points in zip(weight, crossings, strict=True)
    ]
    return [points if sound else None for points, sound in zip(made, plain, strict=True)]


def _stability(below: float) -> Stability:
    """Return what the growth just below a fixed point makes of deviations from it."""
    return Stability.ATTRACTS if below > 0 else Stability.REPELS


def _delicate(growth: np.ndarray) -> np.ndarray:
    """Return which rows are next to zero, cross it flatly, or may touch it: there, rounding or a finer grid decides."""
    size, signs = np.abs(growth), np.sign(growth)
    crosses = np.diff(signs)[:, 1:-1] != 0
    flat = crosses & (np.maximum(size[:, :-3], size[:, 3:]) < FLAT)
    slopes = np.diff(growth)
    directions = np.sign(np.where(np.abs(slopes) < ROUNDING, 0.0, slopes))
    turns = (directions[:, :-1] == -signs[:, 1:-1]) & (directions[:, 1:] == signs[:, 1:-1])
    touches = turns & (signs[:, :-2] == signs[:, 2:]) & (size[:, 1:-1] < CLOSE)
    return (size < ROUNDING).any(1) | flat.any(1) | touches.any(1)


def _phases(
    unit: LengthMap, weight: np.ndarray, bias: np.ndarray, points: Sequence[tuple[FixedPoint, ...]]
) -> list[Phase | None]:
    """Return what a network does at each point, None where the expansion leaves out too much to know it."""
    # The first layer sees N(0,1) inputs.
    first = weight + bias
    second = weight * unit(first) + bias
    reached = [settled(*one) for one in zip(points, first.tolist(), second.tolist(), strict=True)]
    q = np.clip([point.q for point in reached], SMALLEST, LARGEST)
    chi = weight * slope(unit.activation, unit.seen(q)) * unit.share(q)
    inside = np.array([0 < point.q < inf for point in reached])
    c, chi_c = (np.full(len(q), -np.inf) for _ in range(2))
    c[inside], chi_c[inside] = _correlations(unit, weight[inside], bias[inside], q[inside], chi[inside])
    phases: list[Phase | None] = []
    for point, x, y, at_c in zip(reached, chi.tolist(), c.tolist(), chi_c.tolist(), strict=True):
        depth_q = None if point.q == inf else decay(point.alpha)
        kept = y == -inf
        phases.append(
            None if isnan(y) else Phase(point, x, None if kept else y, depth_q, None if kept else decay(at_c))
        )
    return phases


def _correlations(
    unit: LengthMap, weight: np.ndarray, bias: np.ndarray, q: np.ndarray, chi: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return c* and χ(c*): −∞ where every correlation is kept, NaN where the expansion does not say."""
    lengths, squares = expansion(unit.activation, unit.seen(q))
    share, floor = weight * lengths / q, bias / q

    def behind(c: np.ndarray | float, row: np.ndarray) -> np.ndarray:
        """Return the correlation behind one more layer."""
        return share[row] * (squares[row] * np.power(np.asarray(c)[..., None], POWERS)).sum(-1) + floor[row]

    every = np.arange(len(q))
    c = np.where(chi > 1 + ROUNDING, np.nan, 1.0)
    c[(c != 1) & (behind(0.0, every) < ROUNDING**2)] = 0.0
    sought = np.flatnonzero(np.isnan(c) & (behind(BELOW, every) < BELOW))
    roots = elementwise.find_root(
        lambda c, row: behind(c, row.astype(int)) - c,
        (np.zeros(len(sought)), np.full(len(sought), BELOW)),
        args=(sought.astype(float),),
        tolerances={"xatol": 1e-13},
    )
    c[sought] = np.where(roots.success, roots.x, np.nan)
    # What is left out has powers from the last one on; it shifts a crossing the more, the flatter that is.
    slope_c = share * (POWERS[1:] * squares[:, 1:] * np.power(c[:, None], POWERS[:-1])).sum(1)
    error = share * squares[:, -1] * np.power(c, TERMS - 1)
    doubtful = (c < 1) & (error > LEFT_OUT * (1 - slope_c))
    keeps = np.logical_and.reduce([np.abs(behind(tried, every) - tried) < ROUNDING for tried in TRIED])
    chi_c = np.where(c < 1, slope_c, chi)
    c[doubtful] = np.nan
    c[keeps] = -inf
    return c, chi_c


def expansion(activation: Activation, q: np.ndarray, terms: int = TERMS) -> tuple[np.ndarray, np.ndarray]:
    """Return the expansion of φ in Hermite polynomials of a Gaussian.

    Args:
        activation: φ.
        q: variances of the Gaussian `[variance]`.
        terms: how many; the last one stands for all beyond, too.

    Returns:
        E φ² `[variance]`, and the squares of the coefficients of φ/√(E φ²) `[variance, term]`.
    """
    lengths, squares = np.empty(len(q)), np.empty((len(q), terms))
    for start in range(0, len(q), CHUNK):
        part = slice(start, start + CHUNK)
        u, weight = nodes(q[part], activation.kinks, activation.period)
        h = activation(u * scale(q[part], activation.period))
        length = (h * h * weight).sum(-1, keepdim=True)
        weighted = h / length.sqrt() * weight
        previous, current = torch.zeros_like(u), torch.ones_like(u)
        for k in range(terms - 1):
            squares[part, k] = (weighted * current).sum(-1).square().numpy()
            # Orthonormal: √(k + 1) h_(k+1) = u h_k − √k h_(k−1).
            previous, current = current, (current * u - previous * k**0.5) / (k + 1) ** 0.5
        lengths[part] = length[:, 0].numpy()
    # All squares add up to 1: the last one stands for itself and for all beyond.
    squares[:, -1] = np.clip(1 - squares[:, :-1].sum(1), 0.0, 1.0)
    return lengths, squares
