"""Activations whose maps have closed forms: expectations over Gaussians without any quadrature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import acos, asin, cos, pi, sqrt
from typing import Any


@dataclass(frozen=True)
class Form:
    """V, D and M by the variance of the pre-activations, and the correlation of two activations by theirs, q first."""

    length: Callable[[float], float]
    slope: Callable[[float], float]
    mean: Callable[[float], float]
    correlation: Callable[[float, float], float]

    def variance(self, q: float) -> float:
        """Returns Var φ."""
        return self.length(q) - self.mean(q) ** 2

    def maps(self, q: float) -> dict[str, Any]:
        """Returns what a row of the maps holds; what no query reads is 0."""
        angles = [(1 - cos(pi * j / 24)) * pi / 4 for j in range(25)]
        return {
            "length": self.length(q),
            "length_slope": 0.0,
            "slope": self.slope(q),
            "mean": self.mean(q),
            "variance": self.variance(q),
            "kurtosis": 0.0,
            "correlations": [self.correlation(q, cos(angle)) for angle in angles],
        }


def _arc_cosine(q: float, c: float) -> float:
    return (sqrt(max(1 - c * c, 0)) + (pi - acos(min(c, 1))) * c) / pi


def _arcsine(q: float, c: float) -> float:
    return asin(2 * q * c / (1 + 2 * q)) / asin(2 * q / (1 + 2 * q))


# The error function goes by the name of an activation that the made-up stores have.
FORMS = {
    "relu": Form(lambda q: q / 2, lambda q: 0.5, lambda q: sqrt(q / (2 * pi)), _arc_cosine),
    "tanh": Form(
        lambda q: 2 / pi * asin(2 * q / (1 + 2 * q)), lambda q: 4 / pi / sqrt(1 + 4 * q), lambda q: 0.0, _arcsine
    ),
}
