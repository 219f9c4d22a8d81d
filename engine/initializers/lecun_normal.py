"""LeCun's initialization as Keras and JAX define it: variance 1/fan_in, tails cut."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class LecunNormal(Initializer):
    """W ~ N(0, 1/fan_in), cut at two standard deviations of the uncut normal."""

    name = "lecun_normal"
    aliases = ("lecun",)
    family = "truncated"
    card = Card(
        "LeCun normal",
        "W ~ truncated N, Var W = 1/fan_in",
        "LeCun, Bottou, Orr & Müller 1998; Klambauer et al. 2017",
        notes="The variance of the lecture's Xavier, without large weights, as Keras and JAX define it. Made for SELU.",
        snippet="s = layer.in_features ** -0.5 / 0.87962566103423978; "
        "nn.init.trunc_normal_(layer.weight, std=s, a=-2 * s, b=2 * s)",
        rank=70,
        colour="teal",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return 1/√fan_in."""
        return fans.fan_in**-0.5
