"""Expectations over a centred Gaussian, exact to rounding for functions that are smooth between known kinks."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

# N(0,1) beyond this many standard deviations weighs less than float64 resolves.
REACH = 12.0
NODES = 40
# Standard deviations, in periods, beyond which a periodic function is averaged over one period; and points for that.
WIDE, PHASES = 2.0, 256
# Around the origin activations turn over a distance of order one, however wide the Gaussian is.
TURNS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def expectation(
    function: Callable[[Tensor], Tensor], q: float, kinks: Sequence[float] = (), period: float | None = None
) -> float:
    """Return E f(√q u) for u ~ N(0,1).

    Args:
        function: f, elementwise on float64 tensors.
        q: variance of the argument of f; at least 0.
        kinks: points where f or its derivative jumps; the integral is split there.
        period: distance after which f repeats, or None.

    Returns:
        The expectation, by composite Gauss–Legendre quadrature.
    """
    if not np.isfinite(q):
        return float("nan")
    z, weight = nodes(float(q), tuple(kinks), period)
    return float((function(z) * weight).sum())


@lru_cache(maxsize=4096)
def nodes(q: float, kinks: tuple[float, ...], period: float | None = None) -> tuple[Tensor, Tensor]:
    """Return points and weights of the quadrature over N(0, q).

    Args:
        q: variance; at least 0.
        kinks: points where the integrand or its derivative jumps.
        period: distance after which the integrand repeats, or None.

    Returns:
        Two float64 tensors of equal length; the weights add up to 1.
    """
    if q <= 0:
        return torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    scale = q**0.5
    if period is not None and scale > WIDE * period:
        # So wide a Gaussian weighs every phase alike, up to e^(-2π²·WIDE²).
        phases = torch.arange(PHASES, dtype=torch.float64) * (period / PHASES)
        return phases, torch.full_like(phases, 1 / PHASES)
    special = [point / scale for point in (*kinks, *TURNS, *(-turn for turn in TURNS))]
    edges = np.unique([*np.linspace(-REACH, REACH, 25), *(u for u in special if abs(u) < REACH)])
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    u = (edges[:-1, None] + half + half * x).ravel()
    weight = (half * w).ravel() * np.exp(-u * u / 2) / np.sqrt(2 * np.pi)
    return torch.from_numpy(scale * u), torch.from_numpy(weight / weight.sum())
