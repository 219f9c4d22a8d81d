"""Two entries of a vector that is uniform on a sphere: points and weights for expectations over them."""

from dataclasses import dataclass
from functools import lru_cache
from math import asin

import torch
from torch import Tensor

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.gaussian import legendre

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
class Pair:
    """Two entries of one vector on a grid: points and weights, φ and φ′.

    Attributes:
        y: first entry `[point]`.
        weight: its weights `[point]`.
        other: another entry, given the first `[point, other point]`.
        weights: its weights `[point, other point]`.
        h, d: φ and φ′ of the first entry `[point]`.
        other_h, other_d: the same of the other one `[point, other point]`.
    """

    y: Tensor
    weight: Tensor
    other: Tensor
    weights: Tensor
    h: Tensor
    d: Tensor
    other_h: Tensor
    other_d: Tensor

    @classmethod
    def on(cls, sphere: Sphere, activation: Activation, shrinkage: float) -> "Pair":
        """Return two entries of a vector on a sphere."""
        m = sphere.dimension
        kinks = tuple(kink / shrinkage for kink in activation.kinks) if shrinkage else ()
        # Entries of a centred vector have correlation −1/m, others none.
        correlation = -1 / m if sphere.centred else 0.0
        (y, weight), (other, weights) = _entry(m, correlation, kinks), _other_entry(m, correlation, kinks)
        values = (part for entry in (y, other) for part in _values(activation, shrinkage * entry))
        return cls(y, weight, other, weights, *values)

    def one(self, f: Tensor) -> float:
        """Return E f of the first entry."""
        return float(f @ self.weight)

    def two(self, f: Tensor, g: Tensor) -> float:
        """Return E f·g, f of the first entry and g of the other."""
        return float((f * (g * self.weights).sum(1)) @ self.weight)


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
