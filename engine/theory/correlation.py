"""Expectations over two correlated Gaussians of equal variance: the correlation map, and how far slopes agree."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.activations import Activation
from engine.theory.gaussian import expectation, nodes

# The inner Gaussian: panels of Gauss–Legendre nodes between these edges and the kinks.
EDGES = np.linspace(-9.0, 9.0, 10)
NODES = 16


def correlation_map(activation: Activation, q: float, c: float) -> float:
    """Return E φ(z_a)φ(z_b) for Gaussians of variance q and correlation c.

    Args:
        activation: φ.
        q: variance, above 0.
        c: correlation, from -1 to 1.
    """
    return pair_expectation(activation, activation, q, c)


def correlated_slopes(activation: Activation, q: float, c: float) -> float:
    """Return E φ'(z_a)φ'(z_b) for Gaussians of variance q and correlation c.

    Args:
        activation: φ.
        q: variance, above 0.
        c: correlation, from -1 to 1.
    """
    return pair_expectation(activation, activation.slope_at, q, c)


def pair_expectation(activation: Activation, function: Callable[[Tensor], Tensor], q: float, c: float) -> float:
    """Return E f(z_a)f(z_b) for Gaussians of variance q and correlation c.

    Args:
        activation: where f comes from; its kinks are those of f.
        function: f, elementwise on float64 tensors.
        q: variance, above 0.
        c: correlation, from -1 to 1.
    """
    if c >= 1 or q <= 0:
        return expectation(lambda z: function(z) ** 2, q, activation.kinks, activation.period)
    if c <= -1:
        return expectation(lambda z: function(z) * function(-z), q, activation.kinks, activation.period)
    first, weight = nodes(q, activation.kinks, activation.period)
    given = c * first[:, None]
    spread = (q * (1 - c * c)) ** 0.5
    u, density = _inner_nodes((torch.tensor(activation.kinks, dtype=torch.float64) - given) / spread)
    inner = (function(given + spread * u) * density).sum(1)
    return float((function(first) * inner * weight).sum())


def _inner_nodes(kinks: Tensor) -> tuple[Tensor, Tensor]:
    """Return nodes and weights of N(0,1) `[outer, node]`, split at each row's own kinks `[outer, kink]`."""
    fixed = torch.from_numpy(EDGES).expand(len(kinks), -1)
    edges = torch.cat([fixed, kinks.clamp(EDGES[0], EDGES[-1])], 1).sort(1).values
    x, w = _legendre()
    half = edges.diff(dim=1)[..., None] / 2
    u = (edges[:, :-1, None] + half + half * x).flatten(1)
    density = (half * w).flatten(1) * torch.exp(-0.5 * u * u)
    return u, density / density.sum(1, keepdim=True)


@lru_cache
def _legendre() -> tuple[Tensor, Tensor]:
    x, w = np.polynomial.legendre.leggauss(NODES)
    return torch.from_numpy(x), torch.from_numpy(w)
