"""Tanh in three straight pieces."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Hardtanh(Activation):
    """φ(z) = max(-1, min(1, z))."""

    name = "hardtanh"
    aliases = ("hard_tanh",)
    in_place = True
    kinks = (-1.0, 1.0)
    card = Card(
        "Hardtanh",
        "φ(z) = max(−1, min(1, z))",
        "Collobert 2004",
        snippet="nn.Hardtanh()",
        rank=60,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return z.clamp(-1, 1)

    def apply_(self, z: Tensor) -> Tensor:
        return z.clamp_(-1, 1)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.hardtanh_backward(gradient, h, -1, 1)
