"""Xavier as the lecture states it: fan-in only."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Xavier(Initializer):
    """W ~ N(0, 1/fan_in)."""

    name = "xavier"
    card = Card(
        "Xavier (lecture)",
        "W ~ N(0, 1/fan_in)",
        "CS231n 2021, lecture 7; LeCun et al. 1998",
        notes="Just right for tanh; half as much variance as ReLU needs. Glorot's own form averages both fans.",
        snippet="nn.init.normal_(layer.weight, std=layer.in_features ** -0.5)",
        rank=80,
        colour="green",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return 1/√fan_in."""
        return fans.fan_in**-0.5
