"""A random rotation: every singular value is the gain."""

from typing import Annotated

from pydantic import Field

from engine.activations import Activation
from engine.card import Card
from engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Orthogonal(Initializer):
    """WᵀW = gain²·I, or WWᵀ = gain²·I where the matrix is wide."""

    name = "orthogonal"
    family = "orthogonal"
    card = Card(
        "Orthogonal",
        "WᵀW = gain²·I (WWᵀ where fan_in < fan_out)",
        "Saxe, McClelland & Ganguli 2013",
        notes="Uniform over (semi-)orthogonal matrices. Deep linear networks learn in a time independent of depth.",
        snippet="nn.init.orthogonal_(layer.weight, gain={gain})",
    )

    gain: Annotated[float, Field(gt=0)] = 1.0

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the root mean square of an entry, gain/√max(fan_in, fan_out)."""
        return self.gain / max(fans.fan_in, fans.fan_out) ** 0.5
