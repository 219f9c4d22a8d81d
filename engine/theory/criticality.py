"""Order and chaos of deep networks: fixed points of the maps, depth scales, and the edge of chaos.

The state of a network is (q, c): the variance of the pre-activations, and their correlation between two inputs. A layer
maps q to σw² V(q) + σb² and, at the fixed point q*, c to (σw² E φ(z_a)φ(z_b) + σb²)/q*. With χ = σw² E φ'(z_a)φ'(z_b),
χ₁ is its value at c = 1: above 1 inputs that are nearly alike are driven apart, below 1 they become alike.

A normalization of each example over its own units leaves c as it is and divides z by √(q + eps): φ sees the variance
s = q/(q + eps), and χ is divided by q + eps. Without eps c goes as in the plain network with σw²/q* and σb²/q*, whose
variance rests at 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log

import numpy as np
from scipy.optimize import brentq

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.correlation import correlated_slopes, correlation_map
from goldilocks.engine.theory.fixed_points import FARTHEST, LARGEST, ROUNDING, SMALLEST, FixedPoint, reached
from goldilocks.engine.theory.fluctuations import POWERS, moments
from goldilocks.engine.theory.length_map import LengthMap
from goldilocks.engine.theory.maps import length, length_slope, slope

# The edge of chaos is followed in so many steps of ln q.
STEPS = 240
# A map that keeps these correlations keeps all of them: it is a power series with coefficients of one sign.
TRIED = (0.0, 0.5)


@dataclass(frozen=True)
class Edge:
    """The point of the edge of chaos whose fixed point is a given q.

    Attributes:
        weight_variance: σw² = 1/D(q).
        bias_variance: σb² = q − V(q)/D(q).
        alpha: α = σw² V′(q), by which a deviation from q is multiplied per layer.
        exists: whether σb² is a variance.
    """

    weight_variance: float
    bias_variance: float
    alpha: float
    exists: bool

    @property
    def attracts(self) -> bool:
        """Whether deviations from q do not grow, to first order."""
        return self.alpha <= 1 + ROUNDING


@lru_cache(maxsize=1024)
def edge_of_chaos(activation: Activation, q: float) -> Edge:
    """Return σw² and σb² for which q is a fixed point and χ₁ = 1.

    Args:
        activation: φ.
        q: variance of the pre-activations, above 0.

    Source:
        Schoenholz et al. 2017, parametrized by the fixed point.
    """
    bias_variance = float(_edge_bias(activation, np.array([q]))[0])
    weight_variance = 1 / slope(activation, q)
    alpha = weight_variance * length_slope(activation, q)
    return Edge(weight_variance, bias_variance, alpha, bias_variance >= 0)


def _edge_bias(activation: Activation, q: np.ndarray) -> np.ndarray:
    bias_variance = q - length(activation, q) / slope(activation, q)
    return np.where(abs(bias_variance) <= ROUNDING * q, 0.0, bias_variance)


@lru_cache(maxsize=256)
def smallest_attracting(activation: Activation) -> float:
    """Return the smallest q from 1 on at which the edge of chaos attracts: 1, or else where α passes 1.

    Args:
        activation: φ.

    Returns:
        q; 1 where α stays above 1.
    """

    def excess(log_q: np.ndarray) -> np.ndarray:
        q = np.exp(log_q)
        return length_slope(activation, q) / slope(activation, q) - 1

    if edge_of_chaos(activation, 1.0).attracts:
        return 1.0
    log_q = _first_crossing(excess)
    return 1.0 if log_q is None else exp(log_q)


def _first_crossing(function: Callable[[np.ndarray], np.ndarray]) -> float | None:
    """Return where a function of ln q first changes its sign on the way from 0 upwards."""
    log_q = np.linspace(0, FARTHEST, STEPS + 1)
    values = function(log_q)
    # What nears 0 and is lost in rounding has not crossed it.
    signs = np.sign(np.where(np.abs(values) < 1e-13, values[0], values))
    changed = np.flatnonzero(signs[1:] * signs[0] <= 0)
    if not len(changed):
        return None
    below, above = log_q[changed[0]], log_q[changed[0] + 1]
    return float(brentq(lambda x: float(function(np.array([x]))[0]), below, above, xtol=1e-13))


@dataclass(frozen=True)
class Phase:
    """Where a network lies in the plane of σw² and σb².

    Attributes:
        point: the fixed point of the variance of the pre-activations that the network comes to.
        chi: χ₁, by which the squared gradient is multiplied per layer, backwards.
        c: fixed point of the correlation between two inputs, that the network goes to from anywhere below 1; None
            where q* is 0 or infinite, and where layers keep every correlation, as linear ones without biases do.
        depth_q: layers over which a deviation from q* decays by e; infinite where it does not, None where q grows
            without end.
        depth_c: layers over which a deviation from c* decays by e; networks train up to about six times as deep.
            Infinite at the edge of chaos, None where there is no c*.
    """

    point: FixedPoint
    chi: float
    c: float | None
    depth_q: float | None
    depth_c: float | None

    @property
    def q(self) -> float:
        """q*; 0 where the signal dies out, infinite where it grows without end."""
        return self.point.q


@lru_cache(maxsize=4096)
def phase(
    activation: Activation,
    weight_variance: float,
    bias_variance: float,
    second_moment: float = 1.0,
    eps: float | None = None,
) -> Phase:
    """Describe a network of infinite depth and width.

    Args:
        activation: φ.
        weight_variance: σw².
        bias_variance: σb².
        second_moment: E x² of the inputs; 1 for N(0,1).
        eps: of a normalization over the units of each example; None without one.

    Returns:
        All fields; χ₁ is a limit where q* is 0 or infinite.

    Source:
        Poole et al. 2016; Schoenholz et al. 2017.
    """
    point = reached(activation, weight_variance, bias_variance, second_moment, eps)
    layer, q = LengthMap(activation, weight_variance, bias_variance, eps), point.q
    met = min(max(q, SMALLEST), LARGEST)
    chi = weight_variance * slope(activation, layer.seen(met)) * layer.share(met)
    if q == inf:
        return Phase(point, chi, None, None, None)
    if q == 0 or _keeps_correlations(layer, q):
        # Pre-activations become small and φ linear, or homogeneous: correlations stay, or approach 1 algebraically.
        return Phase(point, chi, None, decay(point.alpha), None)
    c = _fixed_correlation(layer, q) if chi > 1 + ROUNDING else 1.0
    chi_c = weight_variance * correlated_slopes(activation, layer.seen(q), c) * layer.share(q) if c < 1 else chi
    return Phase(point, chi, c, decay(point.alpha), decay(chi_c))


def _correlation(layer: LengthMap, q: float, c: float) -> float:
    """Return the correlation behind one more layer at the fixed point q."""
    return (layer.weight_variance * correlation_map(layer.activation, layer.seen(q), c) + layer.bias_variance) / q


def _keeps_correlations(layer: LengthMap, q: float) -> bool:
    return all(abs(_correlation(layer, q, c) - c) < ROUNDING for c in TRIED)


def _fixed_correlation(layer: LengthMap, q: float) -> float:
    """Return c*, to which correlations go from anywhere below 1 in chaos.

    Args:
        layer: the map of the variance; χ₁ is above 1.
        q: its fixed point.
    """

    def excess(c: float) -> float:
        return _correlation(layer, q, c) - c

    # The map lies above the diagonal at c = 0, is steeper than it at c = 1 and bends upwards: it crosses once between.
    below = 1 - 1e-6
    if excess(0.0) <= 0:
        return 0.0
    if excess(below) >= 0:
        return 1.0
    # The series in powers of c says about where, and takes no time.
    m = moments(layer.activation, layer.seen(q))
    share = layer.weight_variance * m.length / q

    def series(c: float) -> float:
        return share * float(m.value**2 @ np.power(c, POWERS)) + layer.bias_variance / q - c

    about = float(brentq(series, 0.0, below)) if series(below) < 0 else below
    for reach in (1e-8, 1e-4):
        low, high = max(about - reach, 0.0), min(about + reach, below)
        if excess(low) > 0 > excess(high):
            return float(brentq(excess, low, high, xtol=1e-12))
    return float(brentq(excess, 0.0, below, xtol=1e-12))


def decay(factor: float) -> float:
    """Return the number of layers over which factor^layers falls by e; infinite where it does not."""
    factor = abs(factor)
    if factor == 0:
        return 0.0
    return -1 / log(factor) if factor < 1 - ROUNDING else inf
