"""A random rotation: every singular value is the gain."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class Orthogonal(Initializer):
    """WᵀW = gain²·I, or WWᵀ = gain²·I where the matrix is wide."""

    name = "orthogonal"
    family = "orthogonal"
    card = Card(
        "Orthogonal",
        "WᵀW = gain²·I (WWᵀ where there are more units than inputs)",
        "Saxe, McClelland & Ganguli 2013",
        notes="Uniform over (semi-)orthogonal matrices; a convolution's has a row for each place in the filter and "
        "each channel. Deep linear networks learn in a time independent of depth.",
        snippet="nn.init.orthogonal_(layer.weight, gain={gain})",
        rank=140,
        colour="violet",
    )

    gain: Annotated[float, Field(gt=0)] = 1.0

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the root mean square of an entry, gain/√(larger side of the matrix)."""
        return self.gain / fans.longest**0.5
