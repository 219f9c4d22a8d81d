"""The Gaussian error linear unit."""

from math import pi, sqrt

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class Gelu(Activation):
    """φ(z) = z·Φ(z), with Φ the standard normal distribution function."""

    name = "gelu"
    card = Card(
        "GELU",
        "φ(z) = z·Φ(z)",
        "Hendrycks & Gimpel 2016",
        notes="The exact form, not the tanh approximation.",
        snippet="nn.GELU()",
        rank=120,
    )

    def __call__(self, z: Tensor) -> Tensor:
        return torch.nn.functional.gelu(z)

    def derivative(self, z: Tensor, h: Tensor) -> Tensor:
        """Return φ′(z) = Φ(z) + z·N(z; 0, 1)."""
        density = torch.exp(-0.5 * z * z) / sqrt(2 * pi)
        return 0.5 * (1 + torch.erf(z / sqrt(2))) + z * density

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.gelu_backward(gradient, z)
