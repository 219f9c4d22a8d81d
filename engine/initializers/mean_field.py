"""Any point of the mean-field plane: the weight and bias variance that theory speaks of."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class MeanField(Initializer):
    """W ~ N(0, σw²/fan_in), b ~ N(0, σb²)."""

    name = "mean_field"
    bias_family = "normal"
    card = Card(
        "Mean-field point",
        "W ~ N(0, σw²/fan_in), b ~ N(0, σb²)",
        "Poole et al. 2016; Schoenholz et al. 2017",
        notes="weight_variance is σw², bias_variance is σb²: the axes of the diagram of order and chaos.",
        snippet="nn.init.normal_(layer.weight, std=({weight_variance} / layer.in_features) ** 0.5); "
        "nn.init.normal_(layer.bias, std={bias_variance} ** 0.5)",
        rank=120,
        colour="rust",
    )

    weight_variance: Annotated[float, Field(ge=0)] = 1.0
    bias_variance: Annotated[float, Field(ge=0)] = 0.0

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return σw/√fan_in."""
        return (self.weight_variance / fans.fan_in) ** 0.5

    def bias_scale(self, fans: Fans, activation: Activation) -> float:
        """Return σb."""
        return self.bias_variance**0.5
