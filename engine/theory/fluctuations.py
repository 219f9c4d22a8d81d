"""How far one network of finite width strays from the infinitely wide one: the bands beside the predictions.

The squared length of a layer, averaged over units and examples, has relative variance

    u = (q V'/V)² v + [(1/B) Var φ² + (1 − 1/B) Cov(φ_a², φ_b²)]/(n V²),    v_next = (σw² V/q_next)² u,

with v the relative variance of q. A squared gradient gains, per layer on its way back, the relative variance

    [(3 Var φ'² / D² + 2)/B + (1 − 1/B) Cov(φ'_a², φ'_b²)/D²]/n,

and follows the q of the layers it passes. For ReLU and one example both are 5/n per layer.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.activations import Activation
from engine.theory.gaussian import nodes

# Terms of the expansions in Hermite polynomials that carry the correlation between examples.
TERMS = 48


@dataclass(frozen=True)
class Moments:
    """Expectations over N(0, q) that bands are made of.

    Attributes:
        length: V = E φ².
        elasticity: q V'/V, the relative change of V for one of q.
        slope: D = E φ'².
        slope_elasticity: q D'/D.
        value: squared Hermite coefficients of φ; at correlation c, E φ_aφ_b = Σ value[k]·c^k.
        square: likewise of φ²/V.
        slope_square: likewise of φ'²/D.
    """

    length: float
    elasticity: float
    slope: float
    slope_elasticity: float
    value: np.ndarray
    square: np.ndarray
    slope_square: np.ndarray


@lru_cache(maxsize=4096)
def moments(activation: Activation, q: float) -> Moments:
    """Return the expectations over N(0, q).

    Args:
        activation: φ.
        q: variance, above 0 and finite.
    """
    z, weight = nodes(q, activation.kinks, activation.period)
    h = activation(z)
    d = activation.derivative(z, h)
    length, slope = float((h * h) @ weight), float((d * d) @ weight)
    # q V' is half the coefficient of φ² at the second Hermite polynomial: E f(z)(u² − 1) = 2 q ∂E f/∂q.
    bend = ((z * z / q - 1) * weight) / 2
    polynomials = _hermite(z / q**0.5) * weight

    def squared_coefficients(values: Tensor) -> np.ndarray:
        found = (polynomials @ values).square().numpy()
        # What the expansion leaves out belongs to high powers of the correlation.
        found[-1] += max(float((values * values) @ weight) - found.sum(), 0.0)
        return found

    return Moments(
        length,
        float((h * h) @ bend) / length if length else 0.0,
        slope,
        float((d * d) @ bend) / slope if slope else 0.0,
        squared_coefficients(h),
        squared_coefficients(h * h / length) if length else np.zeros(TERMS),
        squared_coefficients(d * d / slope) if slope else np.zeros(TERMS),
    )


def _hermite(u: Tensor) -> Tensor:
    """Return the orthonormal Hermite polynomials of u `[TERMS, point]`."""
    rows = [torch.ones_like(u), u]
    for k in range(2, TERMS):
        rows.append((u * rows[-1] - (k - 1) ** 0.5 * rows[-2]) / k**0.5)
    return torch.stack(rows)


def at_correlation(squared_coefficients: np.ndarray, c: float) -> float:
    """Return Σ a_k² c^k, the expectation of a product at correlation c."""
    return float(squared_coefficients @ np.power(c, np.arange(TERMS)))


def pooled_variance(squared_coefficients: np.ndarray, c: float, batch: int, alone: float = 1.0) -> float:
    """Return the variance of an average over a batch of equally correlated examples.

    Args:
        squared_coefficients: of a function with mean 1, from `Moments`.
        c: correlation between examples.
        batch: number of examples.
        alone: factor on an example's own variance.
    """
    variance = squared_coefficients[1:].sum()
    shared = at_correlation(squared_coefficients, c) - squared_coefficients[0]
    return alone * variance / batch + (1 - 1 / batch) * shared
