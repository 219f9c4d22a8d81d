"""A fixed standard deviation with the tails cut."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class TruncatedNormal(Initializer):
    """W = std · t/0.8796…, t ~ N(0,1) given |t| ≤ 2, so that std is the standard deviation of what is left."""

    name = "truncated_normal"
    aliases = ("trunc_normal",)
    family = "truncated"
    card = Card(
        "Truncated normal, fixed std",
        "W = std·t/0.87962566, t ~ N(0, 1) given |t| ≤ 2",
        "Keras, TruncatedNormal and VarianceScaling",
        notes="Cutting at two standard deviations lowers the standard deviation to 0.8796 of its value; the division "
        "makes up for it. Without it, as nn.init.trunc_normal_ does, std would not be the standard deviation.",
        snippet="s = {std} / 0.87962566103423978; nn.init.trunc_normal_(layer.weight, std=s, a=-2 * s, b=2 * s)",
        rank=40,
        colour="periwinkle",
    )

    std: Annotated[float, Field(ge=0)]

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return std."""
        return self.std
