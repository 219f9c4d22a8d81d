"""Expectations over a centred Gaussian, exact to rounding for functions that are smooth between known kinks.

Composite Gauss–Legendre quadrature, for many variances at once. Plain Gauss–Hermite is wrong here: it does not see
kinks, nor how quickly an activation turns over when the Gaussian is wide.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import overload

import numpy as np
import torch
from torch import Tensor

# N(0,1) beyond this many standard deviations weighs less than float64 resolves, in panels of this number.
REACH, PANELS = 10.0, 20
NODES = 24
# So many periods wide, a Gaussian weighs every phase of a periodic function alike, up to e^(-2π²·WIDE²).
WIDE = 1.5
# Activations turn over a distance of order one around the origin, and approach their asymptotes in proportion.
TURNS = 0.5 * 4.0 ** np.arange(14)

Function = Callable[[Tensor], Tensor]


@overload
def expectation(function: Function, q: float, kinks: Sequence[float] = (), period: float | None = None) -> float: ...
@overload
def expectation(
    function: Function, q: np.ndarray, kinks: Sequence[float] = (), period: float | None = None
) -> np.ndarray: ...
def expectation(
    function: Function, q: float | np.ndarray, kinks: Sequence[float] = (), period: float | None = None
) -> float | np.ndarray:
    """Return E f(√q u) for u ~ N(0,1).

    Args:
        function: f, elementwise on float64 tensors.
        q: variance of the argument of f, or an array of variances; at least 0.
        kinks: points where f or its derivative jumps; the integral is split there.
        period: distance after which f repeats, or None.

    Returns:
        The expectation for each variance; NaN where it is not finite.
    """
    u, weight = nodes(q, kinks, period)
    expectation = (function(u * scale(q, period)) * weight).sum(-1)
    return expectation.numpy() if isinstance(q, np.ndarray) else float(expectation)


def nodes(q: float | np.ndarray, kinks: Sequence[float] = (), period: float | None = None) -> tuple[Tensor, Tensor]:
    """Return points and weights of the quadrature over N(0,1) for functions of √q u.

    Args:
        q: variance or variances `[…]`; at least 0.
        kinks: points where the integrand, as a function of √q u, or its derivative jumps.
        period: distance after which the integrand repeats, or None.

    Returns:
        u and weights, float64 tensors `[…, node]`; the weights add up to 1.
    """
    turns = TURNS[: 1 + int(np.searchsorted(TURNS, REACH * float(np.max(scale(q, period).numpy(), initial=0.0))))]
    special = np.unique([0.0, *kinks, *turns, *-turns])
    std = scale(q, period).clamp(torch.finfo(torch.float64).tiny, 1e150)
    splits = (torch.from_numpy(special) / std).clamp(-REACH, REACH)
    fixed = torch.linspace(-REACH, REACH, PANELS + 1, dtype=torch.float64).expand(*splits.shape[:-1], -1)
    return panels(torch.cat([fixed, splits], -1).sort(-1).values)


def scale(q: float | np.ndarray, period: float | None = None) -> Tensor:
    """Return √q `[…, 1]`, at most as many periods as matter."""
    std = torch.from_numpy(np.sqrt(np.asarray(q, np.float64))[..., None])
    widest = torch.inf if period is None else WIDE * period
    return torch.where(std.isfinite(), std.clamp(max=widest), torch.nan)


def panels(edges: Tensor) -> tuple[Tensor, Tensor]:
    """Return points and normalized weights of N(0,1) for Gauss–Legendre quadrature between ascending edges.

    Args:
        edges: `[…, edge]`.

    Returns:
        Two tensors `[…, node]`.
    """
    x, w = legendre(NODES)
    half = edges.diff(dim=-1)[..., None] / 2
    u = (edges[..., :-1, None] + half + half * x).flatten(-2)
    weight = (half * w).flatten(-2) * torch.exp(-0.5 * u * u)
    return u, weight / weight.sum(-1, keepdim=True)


@lru_cache
def legendre(count: int) -> tuple[Tensor, Tensor]:
    """Return points and weights of Gauss–Legendre quadrature on (−1, 1)."""
    x, w = np.polynomial.legendre.leggauss(count)
    return torch.from_numpy(x), torch.from_numpy(w)
