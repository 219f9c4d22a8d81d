"""The error function: close to tanh, and theory in closed form."""

from math import pi, sqrt

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Erf(Activation):
    """φ(z) = erf(z)."""

    name = "erf"
    card = Card(
        "Error function",
        "φ(z) = erf(z) = 2/√π · ∫₀ᶻ exp(−t²) dt",
        "Williams 1997",
        notes="Its length and correlation maps are arcsines.",
        snippet="torch.erf",
        rank=40,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.erf(z)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return gradient * torch.exp(-z * z).mul_(2 / sqrt(pi))
