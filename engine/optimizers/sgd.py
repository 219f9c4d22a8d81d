"""Stochastic gradient descent."""

from torch import Tensor

from goldilocks.engine.card import Card
from goldilocks.engine.optimizers.base import Optimizer, optimizers


@optimizers.register
class Sgd(Optimizer):
    """θ ← θ - lr·g."""

    name = "sgd"
    card = Card(
        "SGD", "θ ← θ − lr·g", "Robbins & Monro 1951", snippet="torch.optim.SGD(model.parameters(), lr={lr})", rank=10
    )

    def update(self, parameter: Tensor, gradient: Tensor, lr: Tensor, state: list[Tensor], step: int | Tensor) -> None:
        """Take one step: w ← w − ηg."""
        parameter.addcmul_(gradient, lr, value=-1)
