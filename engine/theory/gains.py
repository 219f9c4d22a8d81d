"""Gains: the σw that keeps a signal or a gradient for an activation, by quadrature from the activation itself."""

from dataclasses import dataclass
from functools import lru_cache
from math import inf, isclose

import torch

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.maps import length, mean, slope


@lru_cache
def second_moment_gain(activation: Activation) -> float:
    """Return the gain that keeps the second moment, 1/√E φ(u)² for u ~ N(0,1)."""
    return _gain(length(activation, 1.0))


@lru_cache
def variance_gain(activation: Activation) -> float:
    """Return the gain that keeps the variance, 1/√Var φ(u) for u ~ N(0,1).

    It is the right one where the mean of the activations is taken off before the next layer or by its weights.

    Source:
        Brock, De & Smith 2021, scaled weight standardization.
    """
    return _gain(length(activation, 1.0) - mean(activation, 1.0) ** 2)


@lru_cache
def gradient_gain(activation: Activation) -> float:
    """Return the gain that keeps the gradient, 1/√E φ'(u)² for u ~ N(0,1)."""
    return _gain(slope(activation, 1.0))


def _gain(squared: float) -> float:
    return squared**-0.5 if squared > 0 else inf


def torch_gain(activation: Activation) -> float | None:
    """Return what `torch.nn.init.calculate_gain` recommends, or None where PyTorch recommends nothing."""
    try:
        return float(torch.nn.init.calculate_gain(activation.name, getattr(activation, "slope", None)))  # type: ignore
    except ValueError:
        return None


@dataclass(frozen=True)
class Gains:
    """The gains of one activation.

    Attributes:
        second_moment: keeps E φ².
        variance: keeps Var φ.
        gradient: keeps the gradient.
        torch: what PyTorch recommends, where that differs from the first; else None.
    """

    second_moment: float
    variance: float
    gradient: float
    torch: float | None

    @classmethod
    def of(cls, activation: Activation) -> "Gains":
        """Compute the gains of an activation."""
        second_moment, recommended = second_moment_gain(activation), torch_gain(activation)
        differs = recommended is not None and not isclose(recommended, second_moment, rel_tol=1e-6)
        return cls(
            second_moment, variance_gain(activation), gradient_gain(activation), recommended if differs else None
        )

    def __str__(self) -> str:
        text = (
            f"Gains: {self.second_moment:.4g} keeps the second moment, {self.variance:.4g} the variance, "
            f"{self.gradient:.4g} the gradient"
        )
        return f"{text}; PyTorch recommends {self.torch:.4g}." if self.torch else f"{text}."
