"""Adam: each parameter's step is scaled by its own gradient history."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from goldilocks.engine.card import Card
from goldilocks.engine.optimizers.base import Optimizer, optimizers


@optimizers.register
class Adam(Optimizer):
    """θ ← θ - lr·m̂/(√v̂ + eps), m and v moving averages of g and g²."""

    name = "adam"
    slots = 2
    card = Card(
        "Adam",
        "m ← β1·m + (1−β1)·g, v ← β2·v + (1−β2)·g², θ ← θ − lr·m̂/(√v̂ + eps)",
        "Kingma & Ba 2015",
        snippet="torch.optim.Adam(model.parameters(), lr={lr}, betas=({beta1}, {beta2}), eps={eps})",
        rank=30,
    )

    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.999
    eps: Annotated[float, Field(gt=0)] = 1e-8

    def update(self, parameter: Tensor, gradient: Tensor, lr: Tensor, state: list[Tensor], step: int | Tensor) -> None:
        """Take one step of Adam, both means corrected for their start at zero."""
        mean, square = state
        mean.lerp_(gradient, 1 - self.beta1)
        square.mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        scale = (square / filled(self.beta2, step)).sqrt_().add_(self.eps)
        parameter.sub_((mean / scale).mul_(lr / filled(self.beta1, step)))


def filled(beta: float, step: int | Tensor) -> float | Tensor:
    """Return 1 - beta^step, the weight that a moving average has gathered, without cancellation.

    Args:
        beta: weight of the past in the moving average.
        step: number of values it has taken in, or a tensor that holds it.
    """
    exponent = step * (math.log(beta) if beta else -math.inf)
    return -torch.expm1(exponent) if isinstance(exponent, Tensor) else -math.expm1(exponent)
