"""The rectified linear unit."""

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Relu(Activation):
    """φ(z) = max(0, z)."""

    name = "relu"
    in_place = True
    kinks = (0.0,)
    positively_homogeneous = True
    card = Card(
        "ReLU",
        "φ(z) = max(0, z)",
        "Nair & Hinton 2010",
        notes="Half of all units are silent at random initialization; a unit silent on every example is dead.",
        snippet="nn.ReLU()",
        rank=80,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.relu(z)

    def apply_(self, z: Tensor) -> Tensor:
        return torch.relu_(z)

    def derivative(self, z: Tensor, h: Tensor) -> Tensor:
        """Return φ′(z): 1 above zero, 0 elsewhere."""
        return (z > 0).to(z.dtype)

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.threshold_backward(gradient, h, 0)
