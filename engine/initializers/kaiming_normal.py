"""Kaiming's initialization, normal, with the gain of the activation that follows."""

from typing import Literal

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers
from goldilocks.engine.theory.gains import second_moment_gain


@initializers.register
class KaimingNormal(Initializer):
    """W ~ N(0, gain²/fan)."""

    name = "kaiming_normal"
    card = Card(
        "Kaiming normal, activation's gain",
        "W ~ N(0, gain²/fan), gain = 1/√E φ(u)²",
        "He, Zhang, Ren & Sun 2015",
        notes="The gain keeps the second moment of the activation at hand; for ReLU it is √2. "
        "mode selects the fan: fan_in keeps the forward signal, fan_out the gradient.",
        snippet='nn.init.kaiming_normal_(layer.weight, mode="{mode}", nonlinearity="linear")\n'
        "layer.weight.data *= phi(torch.randn(10**6)).square().mean().rsqrt()  # the gain of phi",
        rank=170,
        colour="purple",
    )

    mode: Literal["fan_in", "fan_out"] = "fan_in"

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return gain/√fan."""
        fan = fans.fan_in if self.mode == "fan_in" else fans.fan_out
        return second_moment_gain(activation) / fan**0.5
