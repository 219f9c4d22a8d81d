"""SiLU in three polynomial pieces."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Hardswish(Activation):
    """φ(z) = z·max(0, min(6, z + 3))/6."""

    name = "hardswish"
    aliases = ("hard_swish",)
    kinks = (-3.0, 3.0)
    card = Card(
        "Hardswish",
        "φ(z) = z·max(0, min(6, z + 3))/6",
        "Howard et al. 2019 (MobileNetV3)",
        snippet="nn.Hardswish()",
        rank=140,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.nn.functional.hardswish(z)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.hardswish_backward(gradient, z)
