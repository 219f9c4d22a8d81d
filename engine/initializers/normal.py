"""A Gaussian of fixed standard deviation, whatever the width: the lecture's 0.01 and 0.05."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Normal(Initializer):
    """W ~ N(0, std²)."""

    name = "normal"
    aliases = ("gaussian", "random_normal")
    card = Card(
        "Gaussian, fixed std",
        "W ~ N(0, std²)",
        "CS231n 2021, lecture 7",
        notes="What matters is std·√fan_in: the same std is small in a narrow network and large in a wide one.",
        snippet="nn.init.normal_(layer.weight, std={std})",
        rank=30,
    )

    std: Annotated[float, Field(ge=0)]

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return std."""
        return self.std
