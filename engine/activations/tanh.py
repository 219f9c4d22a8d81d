"""The hyperbolic tangent: the lecture's saturating activation."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Tanh(Activation):
    """φ(z) = tanh z."""

    name = "tanh"
    in_place = True
    card = Card(
        "Tanh",
        "φ(z) = tanh(z)",
        "Glorot & Bengio 2010",
        notes="Saturates for |z| above about two; there its derivative, and with it the gradient, vanishes.",
        snippet="nn.Tanh()",
        rank=30,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.tanh(z)

    def apply_(self, z: Tensor) -> Tensor:
        return torch.tanh_(z)

    def derivative(self, z: Tensor, h: Tensor) -> Tensor:
        """Return φ′ = 1 − φ²."""
        return 1 - h * h

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.tanh_backward(gradient, h)
