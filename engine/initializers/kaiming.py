"""Kaiming as the lecture states it: for ReLU, fan-in."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Kaiming(Initializer):
    """W ~ N(0, 2/fan_in)."""

    name = "kaiming"
    aliases = ("he", "he_normal")
    card = Card(
        "Kaiming (He)",
        "W ~ N(0, 2/fan_in)",
        "He, Zhang, Ren & Sun 2015",
        notes="The factor 2 makes up for the half of the units that ReLU silences.",
        snippet='nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")',
        rank=160,
        colour="pink",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return √(2/fan_in)."""
        return (2 / fans.fan_in) ** 0.5
