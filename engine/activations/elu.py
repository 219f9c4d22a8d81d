"""The exponential linear unit."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Elu(Activation):
    """φ(z) = z for z > 0 and alpha·(eᶻ - 1) otherwise."""

    name = "elu"
    in_place = True
    card = Card(
        "ELU",
        "φ(z) = z if z > 0 else alpha·(eᶻ − 1)",
        "Clevert, Unterthiner & Hochreiter 2015",
        notes="Negative inputs saturate at −alpha instead of at zero, which brings the mean closer to zero.",
        snippet="nn.ELU(alpha={alpha})",
        rank=100,
    )

    alpha: Annotated[float, Field(gt=0)] = 1.0

    def __call__(self, z: Tensor) -> Tensor:
        return torch.nn.functional.elu(z, self.alpha)

    def apply_(self, z: Tensor) -> Tensor:
        return torch.nn.functional.elu_(z, self.alpha)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.elu_backward(gradient, self.alpha, 1, 1, True, h)
