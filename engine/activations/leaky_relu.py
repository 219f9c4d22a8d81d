"""The leaky rectifier: negative inputs keep a small slope, so no unit dies."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from goldilocks.engine.activations.base import Activation, activations
from goldilocks.engine.card import Card


@activations.register
class LeakyRelu(Activation):
    """φ(z) = z for z > 0 and slope·z otherwise."""

    name = "leaky_relu"
    aliases = ("lrelu",)
    kinks = (0.0,)
    positively_homogeneous = True
    card = Card(
        "Leaky ReLU",
        "φ(z) = z if z > 0 else slope·z",
        "Maas, Hannun & Ng 2013",
        notes="The slope is that of negative inputs.",
        snippet="nn.LeakyReLU(negative_slope={slope})",
        rank=90,
    )

    slope: Annotated[float, Field(ge=-1, le=1)] = 0.01

    def __call__(self, z: Tensor) -> Tensor:
        return torch.nn.functional.leaky_relu(z, self.slope)

    def derivative(self, z: Tensor, h: Tensor) -> Tensor:
        """Return φ′(z): 1 above zero, the slope elsewhere."""
        return torch.where(z > 0, z.new_tensor(1.0), z.new_tensor(self.slope))

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        return torch.ops.aten.leaky_relu_backward(gradient, z, self.slope, False)
