"""A smooth, non-monotonic rectifier."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Mish(Activation):
    """φ(z) = z·tanh(ln(1 + eᶻ))."""

    name = "mish"
    card = Card(
        "Mish",
        "φ(z) = z·tanh(ln(1 + eᶻ))",
        "Misra 2019",
        snippet="nn.Mish()",
        rank=160,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.nn.functional.mish(z)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.mish_backward(gradient, z)
