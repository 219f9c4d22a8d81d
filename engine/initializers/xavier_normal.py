"""Glorot's initialization, Gaussian: a compromise between forward and backward."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class XavierNormal(Initializer):
    """W ~ N(0, gain² · 2/(fan_in + fan_out))."""

    name = "xavier_normal"
    aliases = ("glorot_normal",)
    card = Card(
        "Xavier/Glorot normal",
        "W ~ N(0, gain²·2/(fan_in + fan_out))",
        "Glorot & Bengio 2010",
        notes="Equal to the lecture's form where both fans are equal.",
        snippet="nn.init.xavier_normal_(layer.weight, gain={gain})",
        rank=90,
        colour="fern",
    )

    gain: Annotated[float, Field(gt=0)] = 1.0

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return gain·√(2/(fan_in + fan_out))."""
        return self.gain * (2 / (fans.fan_in + fans.fan_out)) ** 0.5
