"""All weights zero: the lecture's first question."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Zeros(Initializer):
    """W = 0."""

    name = "zeros"
    aliases = ("zero",)
    alike = True
    card = Card(
        "All zeros",
        "W = 0",
        "CS231n 2021, lecture 7",
        notes="Every unit computes the same and gets the same gradient, so units never become different.",
        snippet="nn.init.zeros_(layer.weight)",
        rank=10,
        colour="grey",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return 0."""
        return 0.0
