"""Gains: the σw that keeps a signal or a gradient for an activation, by quadrature from the activation itself."""

from functools import lru_cache

import torch

from engine.activations import Activation
from engine.theory.maps import length, mean, slope


@lru_cache
def second_moment_gain(activation: Activation) -> float:
    """Return the gain that keeps the second moment, 1/√E φ(u)² for u ~ N(0,1)."""
    return length(activation, 1.0) ** -0.5


@lru_cache
def variance_gain(activation: Activation) -> float:
    """Return the gain that makes the variance of the activations 1, 1/√Var φ(u) for u ~ N(0,1)."""
    return (length(activation, 1.0) - mean(activation, 1.0) ** 2) ** -0.5


@lru_cache
def gradient_gain(activation: Activation) -> float:
    """Return the gain that keeps the gradient, 1/√E φ'(u)² for u ~ N(0,1)."""
    return slope(activation, 1.0) ** -0.5


def torch_gain(activation: Activation) -> float | None:
    """Return what `torch.nn.init.calculate_gain` recommends, or None where PyTorch recommends nothing."""
    try:
        return float(torch.nn.init.calculate_gain(activation.name, getattr(activation, "slope", None)))  # type: ignore
    except ValueError:
        return None
