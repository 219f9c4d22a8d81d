"""The logistic sigmoid: bounded, not centred on zero."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Sigmoid(Activation):
    """φ(z) = 1/(1 + e^(-z))."""

    name = "sigmoid"
    aliases = ("logistic",)
    in_place = True
    card = Card(
        "Sigmoid",
        "φ(z) = 1/(1 + exp(−z))",
        "CS231n 2021, lecture 7",
        notes="Outputs are positive, so the inputs of the next layer are never centred; an edge of chaos exists only "
        "deep in saturation.",
        snippet="nn.Sigmoid()",
        rank=20,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.sigmoid(z)

    def apply_(self, z: Tensor) -> Tensor:
        return torch.sigmoid_(z)

    def derivative(self, z: Tensor, h: Tensor) -> Tensor:
        """Return φ′ = φ(1 − φ)."""
        return h * (1 - h)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.sigmoid_backward(gradient, h)
