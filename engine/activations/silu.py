"""The sigmoid-weighted linear unit."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Silu(Activation):
    """φ(z) = z·s(z), with s the sigmoid."""

    name = "silu"
    aliases = ("swish",)
    card = Card(
        "SiLU (Swish)",
        "φ(z) = z/(1 + e⁻ᶻ)",
        "Elfwing, Uchibe & Doya 2017; Ramachandran, Zoph & Le 2017",
        notes="Close to GELU; with Kaiming's gain the signal shrinks slowly.",
        snippet="nn.SiLU()",
        rank=130,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.nn.functional.silu(z)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.silu_backward(gradient, z)
