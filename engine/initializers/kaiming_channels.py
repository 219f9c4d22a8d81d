"""Kaiming with the fan-in of a convolution taken as its input channels alone: a common mistake."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class KaimingChannels(Initializer):
    """W ~ N(0, 2/channels)."""

    name = "kaiming_channels"
    card = Card(
        "Kaiming, channels only",
        "W ~ N(0, 2/channels)",
        "CS231n 2021, lecture 7: fan_in is filter² · channels",
        notes="A mistake, shown for what it does: with ReLU the signal grows by the filter's side in every "
        "convolution. Fully connected layers get Kaiming's weights.",
        snippet="nn.init.normal_(layer.weight, std=(2 / layer.weight.shape[1]) ** 0.5)  # nn.Conv2d: channels",
        rank=190,
        colour="mauve",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return √(2/channels)."""
        return (2 / fans.channels) ** 0.5
