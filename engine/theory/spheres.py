"""What normalization makes of Gaussian pre-activations: vectors on a sphere, and the way of a gradient back from it.

A vector z of `count` entries, z ~ N(0, s²) each, is centred (or not) and divided by its standard deviation. What comes
out is y = √m·u, with u uniform on the unit sphere in m dimensions: m = count − 1 where the mean was taken off, else
m = count. The way back is dz = P (φ'(y) ∘ g)/std, with P taking off the directions of y and, where centred, of 1;
E 1/std² = count/(s²(m − 2)).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import asin, inf, nan

import torch
from torch import Tensor

from engine.activations import Activation
from engine.theory.gaussian import legendre

# Entries beyond this many standard deviations weigh less than float64 resolves.
REACH = 10.0
# Panels, and Gauss–Legendre points of each, for one entry and for another one given the first.
OUTER, INNER = (20, 14), (12, 12)


@dataclass(frozen=True)
class Sphere:
    """A normalization of Gaussian vectors.

    Attributes:
        count: entries that are normalized together.
        centred: whether their mean is taken off.
        over_batch: whether these are the examples of a batch, else units of one example.
    """

    count: int
    centred: bool
    over_batch: bool

    @property
    def dimension(self) -> int:
        """The m of the sphere."""
        return self.count - self.centred


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
        """Return Var φ(y)."""
        return max(self.second_moment - self.mean**2, 0.0)


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
    k, m = sphere.count, sphere.dimension
    if m < 1:
        return Passage(*(nan,) * 9)
    kinks = tuple(kink / shrinkage for kink in activation.kinks) if shrinkage else ()
    # Entries of a centred vector have correlation −1/m, others none.
    correlation = -1 / m if sphere.centred else 0.0
    y, weight = _entry(m, correlation, kinks)
    other, weights = _other_entry(m, correlation, kinks)
    (h, d), (h_b, d_b) = (_values(activation, shrinkage * entry) for entry in (y, other))

    def one(f: Tensor) -> float:
        return float(f @ weight)

    def two(f: Tensor, g: Tensor) -> float:
        return float((f * (g * weights).sum(1)) @ weight)

    mean, length, kept, slopes = one(h), one(h * h), one(d * d), two(d, d_b)
    inverse = shrinkage**2 * k / (m - 2) if m > 2 else nan
    lost = one((d * y) ** 2) / k
    first = inverse * (kept * (1 - sphere.centred / k) - lost)
    # With covariance (I − 11ᵀ/k)·k/(k − 1): each of the directions taken off costs its own share of both terms.
    squares = kept * (1 - (1 + sphere.centred) / k) - lost
    sums = (kept + (k - 1) * slopes) / k**2 * sphere.centred
    tilts = (lost * k + (k - 1) * two(d * y, d_b * other)) / k**2
    later = inverse * k / (k - 1) * (squares + sums + tilts) if k > 1 else nan

    spread, steepness = one((h - mean) ** 2) or inf, kept or inf
    alone = torch.stack([(h - mean) ** 2 / spread, d * d / steepness])
    another = torch.stack([(h_b - mean) ** 2 / spread, d_b * d_b / steepness])

    def covariance(f: int, g: int) -> float:
        together = one(alone[f] * alone[g]) / k + (1 - 1 / k) * two(alone[f], another[g])
        return together - one(alone[f]) * one(alone[g])

    return Passage(
        mean,
        length,
        two(h, h_b),
        first,
        later,
        spread_scatter=max(covariance(0, 0), 0.0),
        # The square of a Gaussian gradient varies by 2 even where every slope is the same.
        slope_scatter=max(covariance(1, 1), 0.0) + 2 / k * one(alone[1] ** 2),
        joint_scatter=covariance(0, 1),
        slope_agreement=slopes / steepness,
    )


def _values(activation: Activation, z: Tensor) -> tuple[Tensor, Tensor]:
    h = activation(z)
    return h, activation.derivative(z, h)


@lru_cache(maxsize=256)
def _entry(m: int, correlation: float, kinks: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Return points and weights `[point]` of one entry y: density ∝ cos^(m−2) of the angle whose sine is y/√m."""
    kink = torch.tensor((0.0, *kinks), dtype=torch.float64)
    # Beyond these values another entry cannot reach the kink.
    reach = ((1 - correlation**2) * (m - kink * kink).clamp_min(0)).sqrt()
    splits = torch.cat([kink, correlation * kink + reach, correlation * kink - reach])
    sine, weight = _on_sphere(m, splits / m**0.5, *OUTER)
    return m**0.5 * sine, weight


@lru_cache(maxsize=64)
def _other_entry(m: int, correlation: float, kinks: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Return points and weights `[point, other point]` of another entry of the same vector, given the first one."""
    y = _entry(m, correlation, kinks)[0][:, None]
    given = correlation * y
    # What is left of the vector lies on a sphere of one dimension less.
    radius = ((1 - correlation**2) * (m - y * y)).clamp_min(torch.finfo(y.dtype).tiny).sqrt()
    splits = (torch.tensor((0.0, *kinks), dtype=torch.float64) - given) / radius
    sine, weight = _on_sphere(max(m - 1, 1), splits, *INNER)
    return given + radius * sine, weight


def _on_sphere(m: int, splits: Tensor, count: int, points: int) -> tuple[Tensor, Tensor]:
    """Return points and normalized weights `[…, point]` of one coordinate of the unit sphere in m dimensions.

    Args:
        m: dimensions.
        splits: where to split the integral `[…, split]`.
        count: panels besides those splits.
        points: Gauss–Legendre points of each panel.
    """
    if m == 1:
        ends = torch.tensor([-1.0, 1.0], dtype=torch.float64).expand(*splits.shape[:-1], 2)
        return ends, torch.full_like(ends, 0.5)
    edge = asin(min(1.0, REACH / m**0.5))
    fixed = torch.linspace(-edge, edge, count + 1, dtype=torch.float64).expand(*splits.shape[:-1], -1)
    angles = torch.asin(splits.clamp(-1, 1)).clamp(-edge, edge)
    borders = torch.cat([fixed, angles], -1).sort(-1).values
    x, w = legendre(points)
    half = borders.diff(dim=-1)[..., None] / 2
    angle = (borders[..., :-1, None] + half + half * x).flatten(-2)
    weight = (half * w).flatten(-2) * torch.cos(angle) ** (m - 2)
    return torch.sin(angle), weight / weight.sum(-1, keepdim=True)
