"""How a layer of finite width strays from the infinitely wide one: what its units contribute to the bands.

A statistic of a layer is an average over n units and B examples, and to first order the relative deviation of any
product of such averages is an average of one function f over the units. With f expanded in Hermite polynomials of the
pre-activation, its variance is

    [(1/B) Σ f_k² + (1 − 1/B) Σ f_k² c^k] / n,    k ≥ 1,

where c is the correlation between examples. The second coefficient is √2 · d ln(average)/d ln q.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.gaussian import nodes, scale

# Terms of the expansions in Hermite polynomials that carry the correlation between examples.
TERMS = 48
POWERS = np.arange(TERMS)


@dataclass(frozen=True)
class Moments:
    """Expectations over N(0, q): averages, and Hermite coefficients `[TERMS]` of what is averaged, relative to it.

    Attributes:
        mean: M = E φ.
        length: V = E φ².
        slope: D = E φ'².
        value: coefficients of φ/√V.
        tilt: coefficients of φ'/√D.
        square: coefficients of φ²/V.
        spread: coefficients of (φ − M)²/(V − M²).
        slope_square: coefficients of φ'²/D.
    """

    mean: float
    length: float
    slope: float
    value: np.ndarray
    tilt: np.ndarray
    square: np.ndarray
    spread: np.ndarray
    slope_square: np.ndarray

    @property
    def variance(self) -> float:
        """V − M²."""
        return max(self.length - self.mean**2, 0.0)


@lru_cache(maxsize=4096)
def moments(activation: Activation, q: float) -> Moments:
    """Return the expectations over N(0, q).

    Args:
        activation: φ.
        q: variance, above 0 and finite.
    """
    u, weight = nodes(q, activation.kinks, activation.period)
    z = u * scale(q, activation.period)
    h = activation(z)
    d = activation.derivative(z, h)
    mean, length, slope = (float(f @ weight) for f in (h, h * h, d * d))
    deviation = (h - mean).square()
    variance = float(deviation @ weight)
    functions = torch.stack([h, d, h * h, deviation, d * d])
    sizes = torch.tensor([length**0.5, slope**0.5, length, variance, slope], dtype=torch.float64)[:, None]
    relative = torch.where(sizes > 0, functions / sizes, 0.0)
    coefficients = (relative * weight) @ _hermite(u).T
    # What the expansion leaves out belongs to high powers of the correlation: it is put into the last term.
    missing = (relative.square() @ weight - coefficients[:, :-1].square().sum(1)).clamp_min(0)
    coefficients[:, -1] = missing.sqrt()
    return Moments(mean, length, slope, *coefficients.numpy())


def _hermite(u: Tensor) -> Tensor:
    """Return the orthonormal Hermite polynomials of u `[TERMS, point]`."""
    rows = torch.empty(TERMS, len(u), dtype=u.dtype)
    rows[0], rows[1] = 1.0, u
    for k in range(2, TERMS):
        torch.mul(rows[k - 1], u, out=rows[k]).sub_(rows[k - 2], alpha=(k - 1) ** 0.5).div_(k**0.5)
    return rows


@dataclass(frozen=True)
class Similarity:
    """How alike two examples are in a layer: the correlation c of their pre-activations.

    Attributes:
        mean: expected correlation.
        variance: of the correlation from network to network and pair to pair.
    """

    mean: float
    variance: float

    def average(self, squares: np.ndarray) -> float:
        """Return E Σ f_k² c^k, to second order in the scatter of c."""
        c = self.mean
        powers = np.power(c, POWERS)
        bend = POWERS[2:] * (POWERS[2:] - 1) / 2 * powers[:-2]
        scattered = squares @ powers + min(self.variance, 1 - c * c) * (squares[2:] @ bend)
        return float(min(scattered, squares.sum()))

    def derivative(self, squares: np.ndarray) -> float:
        """Return d/dc of Σ f_k² c^k."""
        return float(squares[1:] @ (POWERS[1:] * np.power(self.mean, POWERS[:-1])))


def pooled(coefficients: np.ndarray, similarity: Similarity, batch: int) -> float:
    """Return the variance, over units, of the average of a function over a batch.

    Args:
        coefficients: Hermite coefficients of the function `[TERMS]`.
        similarity: correlation between examples.
        batch: number of examples.
    """
    squares = coefficients**2
    squares[0] = 0.0
    return float(squares.sum()) / batch + (1 - 1 / batch) * similarity.average(squares)
