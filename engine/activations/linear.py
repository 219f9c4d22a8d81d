"""The identity: what a network without activation does."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Linear(Activation):
    """φ(z) = z."""

    name = "linear"
    aliases = ("identity", "none")
    positively_homogeneous = True
    card = Card("Linear", "φ(z) = z", "Saxe, McClelland & Ganguli 2013", snippet="nn.Identity()", rank=10)

    def __call__(self, z: Tensor) -> Tensor:
        return z

    def derivative(self, z: Tensor, h: Tensor) -> Tensor:
        """Return φ′(z) = 1."""
        return torch.ones_like(z)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return gradient.clone()
