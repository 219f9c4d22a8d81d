"""All weights equal: symmetric like zeros, but the signal passes."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Constant(Initializer):
    """W = value in every entry."""

    name = "constant"
    family = "ones"
    centred = False
    alike = True
    card = Card(
        "Constant",
        "W = value",
        "CS231n 2021, lecture 7",
        notes="All units of a layer are copies of one unit; nothing is random, so there is no prediction.",
        snippet="nn.init.constant_(layer.weight, {value})",
        rank=20,
        colour="tan",
    )

    value: float

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the value that every weight has."""
        return self.value
