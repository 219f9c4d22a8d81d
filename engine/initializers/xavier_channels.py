"""Xavier with the fan-in of a convolution taken as its input channels alone: a common mistake."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class XavierChannels(Initializer):
    """W ~ N(0, 1/channels)."""

    name = "xavier_channels"
    card = Card(
        "Xavier, channels only",
        "W ~ N(0, 1/channels)",
        "CS231n 2021, lecture 7: fan_in is filter² · channels",
        notes="A mistake, shown for what it does: the signal grows by the filter's side in every convolution, and tanh "
        "saturates. Fully connected layers get Xavier's weights.",
        snippet="nn.init.normal_(layer.weight, std=layer.weight.shape[1] ** -0.5)  # nn.Conv2d: channels",
        rank=110,
        colour="moss",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return 1/√channels."""
        return fans.channels**-0.5
