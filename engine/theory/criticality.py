"""Order and chaos of deep plain networks: fixed points of the maps, depth scales, and the edge of chaos.

The state of a network is (q, c): the variance of the pre-activations, and their correlation between two inputs. A layer
maps q to σw² V(q) + σb² and, at the fixed point q*, c to (σw² E φ(z_a)φ(z_b) + σb²)/q*. With χ = σw² E φ'(z_a)φ'(z_b),
χ₁ is its value at c = 1: above 1 inputs that are nearly alike are driven apart, below 1 they become alike.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log, nan

from scipy.optimize import brentq

from engine.activations import Activation
from engine.theory.correlation import correlated_slopes, correlation_map
from engine.theory.maps import length, length_slope, slope

# Fixed points are looked for up to this distance of ln q from 0, in so many steps.
FARTHEST, STEPS = 60.0, 240
# A negative bias variance of this relative size is rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Edge:
    """The point of the edge of chaos whose fixed point is a given q.

    Attributes:
        weight_variance: σw² = 1/D(q).
        bias_variance: σb² = q − V(q)/D(q).
        exists: whether σb² is a variance.
    """

    weight_variance: float
    bias_variance: float
    exists: bool


@lru_cache(maxsize=1024)
def edge_of_chaos(activation: Activation, q: float) -> Edge:
    """Return σw² and σb² for which q is a fixed point and χ₁ = 1.

    Args:
        activation: φ.
        q: variance of the pre-activations, above 0.

    Source:
        Schoenholz et al. 2017, parametrized by the fixed point.
    """
    weight_variance = 1 / slope(activation, q)
    bias_variance = q - weight_variance * length(activation, q)
    if abs(bias_variance) <= ROUNDING * q:
        bias_variance = 0.0
    return Edge(weight_variance, bias_variance, bias_variance >= 0)


def fixed_point(activation: Activation, weight_variance: float, bias_variance: float) -> float:
    """Return q*, where the length map started at 1 comes to rest: 0 or infinity where it shrinks or grows without end.

    Args:
        activation: φ.
        weight_variance: σw².
        bias_variance: σb².
    """

    def gain(log_q: float) -> float:
        q = exp(log_q)
        return (weight_variance * length(activation, q) + bias_variance) / q - 1

    start = gain(0.0)
    if abs(start) < ROUNDING:
        return 1.0
    # V grows with q, so the iteration is monotone and stops at the first root in its direction.
    direction = 1.0 if start > 0 else -1.0
    near = 0.0
    for step in range(1, STEPS + 1):
        far = direction * step * FARTHEST / STEPS
        if gain(far) * start <= 0:
            return exp(brentq(gain, near, far, xtol=1e-13))
        near = far
    return inf if start > 0 else 0.0


@dataclass(frozen=True)
class Phase:
    """Where a network lies in the plane of σw² and σb².

    Attributes:
        q: fixed point of the variance of the pre-activations.
        chi: χ₁, by which the squared gradient is multiplied per layer, backwards.
        c: fixed point of the correlation between two inputs, that the network goes to from anywhere below 1.
        depth_q: layers over which a deviation from q* decays by e; infinite where it does not.
        depth_c: layers over which a deviation from c* decays by e; networks train up to about six times as deep.
    """

    q: float
    chi: float
    c: float
    depth_q: float
    depth_c: float


@lru_cache(maxsize=4096)
def phase(activation: Activation, weight_variance: float, bias_variance: float) -> Phase:
    """Describe a plain network of infinite depth and width.

    Args:
        activation: φ.
        weight_variance: σw².
        bias_variance: σb².

    Returns:
        All fields; NaN where q* is 0 or infinite and nothing stands still.

    Source:
        Poole et al. 2016; Schoenholz et al. 2017.
    """
    q = fixed_point(activation, weight_variance, bias_variance)
    if not 0 < q < inf:
        chi = weight_variance * slope(activation, q) if q == 0 else nan
        return Phase(q, chi, nan, nan, nan)
    chi = weight_variance * slope(activation, q)
    c = _fixed_correlation(activation, q, weight_variance, bias_variance)
    chi_c = weight_variance * correlated_slopes(activation, q, c)
    return Phase(q, chi, c, _decay(weight_variance * length_slope(activation, q)), _decay(chi_c))


def _fixed_correlation(activation: Activation, q: float, weight_variance: float, bias_variance: float) -> float:
    if weight_variance * slope(activation, q) <= 1:
        return 1.0

    def excess(c: float) -> float:
        return (weight_variance * correlation_map(activation, q, c) + bias_variance) / q - c

    # The map is steeper than the diagonal at c = 1 and bends upwards: it crosses the diagonal once below.
    below = 1 - 1e-6
    return float(brentq(excess, -1.0, below, xtol=1e-12)) if excess(below) < 0 else 1.0


def _decay(factor: float) -> float:
    factor = abs(factor)
    if factor == 0:
        return 0.0
    return -1 / log(factor) if factor < 1 else inf
