"""What normalization makes of Gaussian pre-activations: vectors on a sphere, and the way of a gradient back from it.

A vector z of `count` entries, z ~ N(0, s²) each, is centred (or not) and divided by its standard deviation. What comes
out is y = √m·u, with u uniform on the unit sphere in m dimensions: m = count − 1 where the mean was taken off, else
m = count. The way back is dz = P (φ'(y) ∘ g)/std, with P taking off the directions of y and, where centred, of 1;
E 1/std² = count/(s²(m − 2)).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import acos, asin, nan, pi

import numpy as np
import torch
from torch import Tensor

from engine.activations import Activation

NODES = 32
# Entries beyond this many standard deviations weigh less than float64 resolves.
REACH = 12.0


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
    """

    mean: float
    second_moment: float
    shared: float
    first: float
    later: float


@lru_cache(maxsize=1024)
def passage(activation: Activation, sphere: Sphere, shrinkage: float = 1.0) -> Passage:
    """Return the expectations over a sphere.

    Args:
        activation: φ.
        sphere: which one.
        shrinkage: factor on y, √(v/(v + eps)) of the normalization.

    Returns:
        The expectations; `first` and `later` are infinite where 1/std² has no expectation, for m of 2 and below.

    Source:
        Yang et al. 2019 for batch normalization of large batches and for ReLU; the general form is derived in place.
    """
    k, m = sphere.count, sphere.dimension
    if m < 1:
        return Passage(*(nan,) * 5)

    def slope(y: Tensor) -> Tensor:
        return activation.slope_at(y)

    y, weight = _marginal(m, tuple(kink / shrinkage for kink in activation.kinks if shrinkage))
    h, d = activation(shrinkage * y), slope(shrinkage * y)

    def one(values: Tensor) -> float:
        return float((values * weight).sum())

    def two(function: Callable[[Tensor], Tensor]) -> float:
        return _pair(m, k, function)

    shared = two(lambda y: activation(shrinkage * y))
    lost = one(d * d * y * y) / k
    kept = one(d * d)
    inverse = shrinkage**2 * k / (m - 2) if m > 2 else torch.inf
    first = inverse * (kept * (1 - sphere.centred / k) - lost)
    # With covariance (I − 11ᵀ/k)·k/(k − 1): each of the directions taken off costs its own share of both terms.
    squares = kept * (1 - (1 + sphere.centred) / k) - lost
    sums = (kept + (k - 1) * two(lambda y: slope(shrinkage * y))) / k**2 * sphere.centred
    tilts = (one((d * y) ** 2) + (k - 1) * two(lambda y: slope(shrinkage * y) * y)) / k**2
    later = inverse * k / (k - 1) * (squares + sums + tilts) if k > 1 else nan
    return Passage(one(h), one(h * h), shared, first, later)


@lru_cache(maxsize=256)
def _marginal(m: int, kinks: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Return points and weights for one entry y: density ∝ cos^(m−2) of the angle whose sine is y/√m."""
    if m == 1:
        return torch.tensor([-1.0, 1.0], dtype=torch.float64), torch.full((2,), 0.5, dtype=torch.float64)
    edge = asin(min(1.0, REACH / m**0.5))
    splits = [asin(kink / m**0.5) for kink in kinks if abs(kink) < m**0.5]
    angle, weight = _composite([*np.linspace(-edge, edge, 25), *(s for s in splits if abs(s) < edge)])
    weight = weight * torch.cos(angle) ** (m - 2)
    return m**0.5 * torch.sin(angle), weight / weight.sum()


def _pair(m: int, k: int, function: Callable[[Tensor], Tensor]) -> float:
    """Return E f(y_a)f(y_b) of two entries of one vector: two coordinates of u, turned against each other."""
    if m == 1:
        y, weight = _marginal(1, ())
        return float((function(y) * function(-y if k == 2 else y) * weight).sum())
    # Entries of a centred vector have correlation −1/m, others none.
    turn = acos(-1 / m) if k == m + 1 else pi / 2
    crossings = [(pi / 2 + quarter + shift) % (2 * pi) for quarter in (0, pi) for shift in (0, turn)]
    direction, weight = _composite([*np.linspace(0, 2 * pi, 17), *crossings])
    radius, density = _radius(m)
    y_a = radius[:, None] * torch.cos(direction)
    y_b = radius[:, None] * torch.cos(direction - turn)
    return float((function(y_a) * function(y_b) * weight).sum(1) @ density) / (2 * pi)


@lru_cache(maxsize=256)
def _radius(m: int) -> tuple[Tensor, Tensor]:
    """Return points and weights of the length of two coordinates of √m·u."""
    if m == 2:
        return torch.tensor([2**0.5], dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    angle, weight = _composite(np.linspace(0, asin(min(1.0, REACH / m**0.5)), 9))
    weight = weight * torch.sin(angle) * torch.cos(angle) ** (m - 3)
    return m**0.5 * torch.sin(angle), weight / weight.sum()


def _composite(edges) -> tuple[Tensor, Tensor]:
    """Return Gauss–Legendre points and weights on each interval between the edges."""
    points = np.unique(np.asarray(edges, dtype=np.float64))
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(points)[:, None] / 2
    return torch.from_numpy((points[:-1, None] + half + half * x).ravel()), torch.from_numpy((half * w).ravel())
