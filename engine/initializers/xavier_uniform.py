"""Glorot's initialization, uniform: the default of Keras."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class XavierUniform(Initializer):
    """W ~ U(-b, b) with b = gain·√(6/(fan_in + fan_out))."""

    name = "xavier_uniform"
    aliases = ("glorot_uniform",)
    family = "uniform"
    card = Card(
        "Xavier/Glorot uniform",
        "W ~ U(−b, b), b = gain·√(6/(fan_in + fan_out))",
        "Glorot & Bengio 2010",
        notes="Same variance as the Gaussian form.",
        snippet="nn.init.xavier_uniform_(layer.weight, gain={gain})",
        rank=100,
        colour="olive",
    )

    gain: Annotated[float, Field(gt=0)] = 1.0

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the standard deviation, gain·√(2/(fan_in + fan_out))."""
        return self.gain * (2 / (fans.fan_in + fans.fan_out)) ** 0.5
