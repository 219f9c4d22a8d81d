"""The slip in the lecture notes' code: it divides by √(2/fan_in) where the formula multiplies."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class KaimingSlip(Initializer):
    """W ~ N(0, fan_in/2): the notes' slip."""

    name = "kaiming_slip"
    card = Card(
        "Kaiming, the notes' slip",
        "W ~ N(0, fan_in/2)",
        "CS231n notes: randn(…) / sqrt(2/Din) instead of randn(…) * sqrt(2/Din)",
        notes="With ReLU the signal grows by fan_in/2 per layer until it overflows.",
        snippet="nn.init.normal_(layer.weight, std=(layer.in_features / 2) ** 0.5)",
        rank=200,
        colour="brown",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return √(fan_in/2), which is 1 over what it should be."""
        return (fans.fan_in / 2) ** 0.5
