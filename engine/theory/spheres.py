"""What normalization makes of Gaussian pre-activations: vectors on a sphere, and the way of a gradient back from it.

A vector z of `count` entries, z ~ N(0, s²) each, is centred (or not) and divided by its standard deviation. What comes
out is y = √m·u, with u uniform on the unit sphere in m dimensions: m = count − 1 where the mean was taken off, else
m = count. The way back is dz = P (φ'(y) ∘ g)/std, with P taking off the directions of y and, where centred, of 1;
E 1/std² = count/(s²(m − 2)).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import inf, nan, sqrt

from scipy.special import roots_genlaguerre

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.sphere_pairs import Pair, Sphere


@dataclass(frozen=True)
class Passage:
    """Forward and backward through a normalization and an activation, per layer.

    Attributes:
        mean: E φ(y).
        second_moment: V = E φ(y)².
        shared: C = E φ(y_a)φ(y_b) for two entries of one vector.
        first: (mean square of dz)·s² for a gradient g of independent entries with mean square 1.
        later: the same for a gradient whose entries add up to zero over the vector, as those below a batch norm do.
        spread_scatter: relative variance, from vector to vector, of the mean of (φ − E φ)² over its entries.
        slope_scatter: of the mean of (φ'g)² over its entries, g Gaussian.
        joint_scatter: relative covariance of the two.
        slope_agreement: E φ'(y_a)φ'(y_b) relative to E φ'².
    """

    mean: float
    second_moment: float
    shared: float
    first: float
    later: float
    spread_scatter: float
    slope_scatter: float
    joint_scatter: float
    slope_agreement: float

    @property
    def variance(self) -> float:
        """Var φ(y)."""
        return max(self.second_moment - self.mean**2, 0.0)


# Nodes of the quadrature over the variance of a vector, and degrees of freedom beyond which it hardly varies.
NODES, MANY = 24, 120


def mean_shrinkage(freedom: float, variance: float, eps: float) -> float:
    """Return √(E v/(v + eps)), the factor between normalized vectors and unit variance, for v scattering as χ².

    Args:
        freedom: degrees of freedom of χ².
        variance: mean of v.
        eps: what the normalization adds to the variance.
    """
    if not variance or not freedom:
        return 0.0
    if not eps:
        return 1.0
    if freedom > MANY:
        kept = variance / (variance + eps)
        return sqrt(kept * (1 - 2 * kept * (1 - kept) / freedom))
    x, weight = roots_genlaguerre(NODES, freedom / 2 - 1)
    v = variance * 2 * x / freedom
    return sqrt(float((v / (v + eps)) @ weight) / float(weight.sum()))


@lru_cache(maxsize=4096)
def passage(activation: Activation, sphere: Sphere, shrinkage: float = 1.0) -> Passage:
    """Return the expectations over a sphere.

    Args:
        activation: φ.
        sphere: which one.
        shrinkage: factor on y, √(v/(v + eps)) of the normalization.

    Returns:
        The expectations; `first` and `later` are NaN where 1/std² has no expectation, for m of 2 and below.

    Source:
        Yang et al. 2019 for batch normalization of large batches and for ReLU; the general form is derived in place.
    """
    if sphere.dimension < 1:
        return Passage(*(nan,) * 9)
    pair = Pair.on(sphere, activation, shrinkage)
    mean, slopes, steepness = pair.one(pair.h), pair.two(pair.d, pair.other_d), pair.one(pair.d * pair.d)
    first, later = _gradients(pair, sphere, shrinkage)
    spread_scatter, slope_scatter, joint_scatter = _scatters(pair, sphere.count, mean)
    return Passage(
        mean,
        pair.one(pair.h * pair.h),
        pair.two(pair.h, pair.other_h),
        first,
        later,
        spread_scatter,
        slope_scatter,
        joint_scatter,
        slope_agreement=slopes / (steepness or inf),
    )


def _gradients(pair: Pair, sphere: Sphere, shrinkage: float) -> tuple[float, float]:
    """Return what is left of a gradient's mean square, see `Passage.first` and `Passage.later`."""
    k, m = sphere.count, sphere.dimension
    kept, slopes = pair.one(pair.d * pair.d), pair.two(pair.d, pair.other_d)
    inverse = shrinkage**2 * k / (m - 2) if m > 2 else nan
    lost = pair.one((pair.d * pair.y) ** 2) / k
    first = inverse * (kept * (1 - sphere.centred / k) - lost)
    # With covariance (I − 11ᵀ/k)·k/(k − 1): each of the directions taken off costs its own share of both terms.
    squares = kept * (1 - (1 + sphere.centred) / k) - lost
    sums = (kept + (k - 1) * slopes) / k**2 * sphere.centred
    tilts = (lost * k + (k - 1) * pair.two(pair.d * pair.y, pair.other_d * pair.other)) / k**2
    later = inverse * k / (k - 1) * (squares + sums + tilts) if k > 1 else nan
    return first, later


def _scatters(pair: Pair, count: int, mean: float) -> tuple[float, float, float]:
    """Return how much spread and slope vary from vector to vector, and together; see `Passage`."""
    spread = pair.one((pair.h - mean) ** 2) or inf
    steepness = pair.one(pair.d * pair.d) or inf
    own = ((pair.h - mean) ** 2 / spread, pair.d * pair.d / steepness)
    others = ((pair.other_h - mean) ** 2 / spread, pair.other_d * pair.other_d / steepness)

    def covariance(f: int, g: int) -> float:
        together = pair.one(own[f] * own[g]) / count + (1 - 1 / count) * pair.two(own[f], others[g])
        return together - pair.one(own[f]) * pair.one(own[g])

    # The square of a Gaussian gradient varies by 2 even where every slope is the same.
    slope = max(covariance(1, 1), 0.0) + 2 / count * pair.one(own[1] ** 2)
    return max(covariance(0, 0), 0.0), slope, covariance(0, 1)
