"""The sine: a periodic activation."""

from math import pi

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Sin(Activation):
    """φ(z) = sin z."""

    name = "sin"
    aliases = ("sine",)
    period = 2 * pi
    card = Card(
        "Sine",
        "φ(z) = sin(z)",
        "Sitzmann et al. 2020 (SIREN)",
        snippet="torch.sin",
        rank=70,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.sin(z)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return gradient * torch.cos(z)
