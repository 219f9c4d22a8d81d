"""The loss of a classifier before its first update: expected cross-entropy of logits that are independent Gaussians.

Over the draws of a centred read-out, the logits of an example are C independent Gaussians with mean 0 and one variance,
whatever its label: E loss = E log Σ exp z_c. With independent Gumbel variables G_c, that is E max(z_c + G_c) − γ,
so E loss = ∫ x dF(x)^C − γ with F the distribution of z + G: two integrals of smooth functions, for every variance.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import inf, isfinite, isnan, log, sqrt

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine.theory.gaussian import NODES, legendre, panels

# Beyond these values, what a standard Gumbel variable weighs is less than float64 resolves.
LOWEST, HIGHEST = -4.0, 40.0
# Beyond so many standard deviations the same holds for a Gaussian.
REACH = 10.0
# Panels of quadrature for the maximum, and for one of the two terms given the other.
OUTER, INNER = 16, 8


def first_loss(
    second_moments: Sequence[float], weight_variance: float, bias_variance: float, classes: int
) -> float | None:
    """Return the expected cross-entropy of an untrained classifier, or None where the logits have no variance.

    Args:
        second_moments: mean square of what enters the read-out, of groups of equally many examples.
        weight_variance: variance of the read-out's weights times their fan-in.
        bias_variance: variance of its biases.
        classes: number of logits.
    """
    variances = [weight_variance * moment + bias_variance for moment in second_moments]
    if not variances or any(map(isnan, variances)):
        return None
    return float(np.mean([expected_cross_entropy(variance, classes) for variance in variances]))


@lru_cache(maxsize=4096)
def expected_cross_entropy(variance: float, classes: int) -> float:
    """Return E log Σ exp z_c for independent z_c ~ N(0, variance).

    Args:
        variance: at least 0; infinite gives an infinite loss, unless there is a single class.
        classes: number of logits, at least 1.

    Returns:
        In nats: ln C + v (1 − 1/C)/2 for a small variance v, √v times the expected maximum of C standard normals for
        a large one.
    """
    if variance == 0 or classes == 1:
        return log(classes)
    if not isfinite(variance):
        return inf
    std = sqrt(variance)
    edges = torch.linspace(LOWEST - REACH * std, HIGHEST + REACH * std, OUTER + 1, dtype=torch.float64)
    x, weight = _legendre(edges)
    below = _distribution(x, std) ** classes
    return float(edges[-1] - below @ weight) - np.euler_gamma


def _distribution(x: Tensor, std: float) -> Tensor:
    """Return P(z + G ≤ x) `[point]` for z ~ N(0, std²) and a standard Gumbel variable G."""
    # The outer expectation is over the narrower term: given it, the distribution of the wider one is smooth.
    if std < 1:
        u, weight = panels(torch.linspace(-REACH, REACH, INNER + 1, dtype=torch.float64))
        return torch.exp(-torch.exp(std * u - x[:, None])) @ weight
    g, weight = _legendre(torch.linspace(LOWEST, HIGHEST, 2 * INNER + 1, dtype=torch.float64))
    weight = weight * torch.exp(-g - torch.exp(-g))
    return torch.special.ndtr((x[:, None] - g) / std) @ (weight / weight.sum())


def _legendre(edges: Tensor) -> tuple[Tensor, Tensor]:
    """Return points and weights of Gauss–Legendre quadrature between ascending edges."""
    x, w = legendre(NODES)
    half = edges.diff()[:, None] / 2
    return (edges[:-1, None] + half + half * x).flatten(), (half * w).flatten()
