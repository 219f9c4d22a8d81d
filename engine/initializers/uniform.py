"""A uniform distribution of fixed bound, whatever the width."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Uniform(Initializer):
    """W ~ U(-bound, bound)."""

    name = "uniform"
    aliases = ("random_uniform",)
    family = "uniform"
    card = Card(
        "Uniform, fixed bound",
        "W ~ U(−bound, bound), std = bound/√3",
        "LeCun et al. 1998",
        snippet="nn.init.uniform_(layer.weight, -{bound}, {bound})",
        rank=50,
        colour="steel",
    )

    bound: Annotated[float, Field(ge=0)]

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the standard deviation, bound/√3."""
        return self.bound / 3**0.5
