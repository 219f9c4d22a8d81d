"""No normalization."""

from typing import Any

from torch import Tensor

from goldilocks.engine.card import Card
from goldilocks.engine.normalizations.base import Normalization, Running, Scale, normalizations


@normalizations.register
class NoNormalization(Normalization):
    """y = z."""

    name = "none"
    aliases = ("identity",)
    absent = True
    card = Card("None", "y = z", snippet="nn.Identity()", rank=10, colour="orange", label="no norm")

    def forward(self, z: Tensor, scale: Scale | None, running: Running | None) -> tuple[Tensor, Any]:
        return z, None

    def backward(self, dy: Tensor, saved: Any, scale: Scale | None) -> tuple[Tensor, Scale | None]:
        return dy, None

    def evaluate(self, z: Tensor, scale: Scale | None, running: Running | None) -> Tensor:
        return z
