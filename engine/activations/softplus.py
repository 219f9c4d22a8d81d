"""The smooth rectifier."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Softplus(Activation):
    """φ(z) = ln(1 + eᶻ)."""

    name = "softplus"
    card = Card(
        "Softplus",
        "φ(z) = ln(1 + eᶻ)",
        "Dugas et al. 2000",
        notes="Always positive, so layers have a large mean; no edge of chaos exists.",
        snippet="nn.Softplus()",
        rank=150,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.nn.functional.softplus(z)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return gradient * torch.sigmoid(z)
