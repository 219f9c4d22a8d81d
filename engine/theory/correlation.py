"""Expectations over two correlated Gaussians of equal variance: the correlation map, and how far slopes agree."""

import numpy as np
import torch

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.gaussian import TURNS, Function, expectation, legendre, nodes, scale

# The inner Gaussian: panels of Gauss–Legendre nodes between these edges, the kinks and the activation's turns.
EDGES = torch.linspace(-9.0, 9.0, 13, dtype=torch.float64)
NODES = 16
# Outer points that weigh less than this are left out.
NEGLIGIBLE = 1e-18
AROUND = (-9.0, -3.0, 0.0, 3.0, 9.0)


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


def pair_expectation(activation: Activation, function: Function, q: float, c: float) -> float:
    """Return E f(z_a)f(z_b) for Gaussians of variance q and correlation c.

    Args:
        activation: where f comes from; its kinks are those of f.
        function: f, elementwise on float64 tensors.
        q: variance, above 0.
        c: correlation, from -1 to 1.
    """
    kinks, period = activation.kinks, activation.period
    if c >= 1 or q <= 0:
        return expectation(lambda z: function(z) ** 2, q, kinks, period)
    if c <= -1:
        mirrored = (*kinks, *(-kink for kink in kinks))
        return expectation(lambda z: function(z) * function(-z), q, mirrored, period)
    std = float(scale(q, period))
    if std * std < q:
        # Many periods wide, only the variance of z_a ∓ z_b matters.
        c = float(np.copysign(max(0.0, 1 - q * (1 - abs(c)) / std**2), c))
    # Given z_a, z_b is c z_a plus a Gaussian of its own.
    spread = std * (1 - c * c) ** 0.5
    # Around a kink the inner expectation turns over within a few of its own standard deviations.
    outer, weight = nodes(q, [kink + times * spread for kink in kinks for times in AROUND], period)
    heavy = weight > NEGLIGIBLE
    outer, weight = outer[heavy], weight[heavy]
    given = c * std * outer[:, None]
    turns = TURNS[: int(np.searchsorted(TURNS, 2 * std * float(EDGES[-1])))]
    special = torch.from_numpy(np.unique([0.0, *kinks, *turns, *-turns]))
    splits = ((special - given) / spread).clamp(EDGES[0], EDGES[-1])
    edges = torch.cat([EDGES.expand(len(splits), -1), splits], 1).sort(1).values
    x, w = legendre(NODES)
    half = edges.diff(dim=1)[..., None] / 2
    u = (edges[:, :-1, None] + half + half * x).flatten(1)
    density = (half * w).flatten(1) * torch.exp(-0.5 * u * u)
    inner = (function(given + spread * u) * density).sum(1) / density.sum(1)
    return float((function(std * outer) * inner * weight).sum())
