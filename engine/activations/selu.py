"""The self-normalizing exponential linear unit."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card

# The constants of the paper, to the precision of float64.
SCALE, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@activations.register
class Selu(Activation):
    """φ(z) = λ·z for z > 0 and λα·(eᶻ - 1) otherwise; with σw = 1, mean 0 and variance 1 are a fixed point."""

    name = "selu"
    in_place = True
    kinks = (0.0,)
    card = Card(
        "SELU",
        "φ(z) = λ·(z if z > 0 else α·(eᶻ − 1)), λ = 1.0507…, α = 1.6733…",
        "Klambauer, Unterthiner, Mayr & Hochreiter 2017",
        notes="With LeCun's initialization mean 0 and variance 1 are kept from layer to layer.",
        snippet="nn.SELU()",
        rank=110,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.selu(z)

    def apply_(self, z: Tensor) -> Tensor:
        return torch.selu_(z)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.elu_backward(gradient, ALPHA, SCALE, 1, True, h)
