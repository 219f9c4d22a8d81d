"""Stochastic gradient descent with momentum."""

from typing import Annotated

from pydantic import Field
from torch import Tensor

from goldilocks.engine.card import Card
from goldilocks.engine.optimizers.base import Optimizer, optimizers


@optimizers.register
class Momentum(Optimizer):
    """v ← beta·v + g, θ ← θ - lr·v."""

    name = "momentum"
    aliases = ("sgd_momentum",)
    slots = 1
    card = Card(
        "SGD with momentum",
        "v ← beta·v + g, θ ← θ − lr·v",
        "Polyak 1964; Sutskever et al. 2013",
        snippet="torch.optim.SGD(model.parameters(), lr={lr}, momentum={beta})",
        rank=20,
    )

    beta: Annotated[float, Field(ge=0, lt=1)] = 0.9

    def update(self, parameter: Tensor, gradient: Tensor, lr: Tensor, state: list[Tensor], step: int | Tensor) -> None:
        """Take one step: v ← βv + g, w ← w − ηv."""
        (velocity,) = state
        velocity.mul_(self.beta).add_(gradient)
        parameter.sub_(velocity * lr)
