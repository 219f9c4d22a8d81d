"""A saturating activation with algebraic tails."""

from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Softsign(Activation):
    """φ(z) = z/(1 + |z|)."""

    name = "softsign"
    in_place = True
    card = Card(
        "Softsign",
        "φ(z) = z/(1 + |z|)",
        "Glorot & Bengio 2010",
        notes="Approaches its limits slower than tanh, so units saturate less.",
        snippet="nn.Softsign()",
        rank=50,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return z / (1 + z.abs())

    def apply_(self, z: Tensor) -> Tensor:
        return z.div_(1 + z.abs())

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return gradient * (1 - h.abs()).square_()
