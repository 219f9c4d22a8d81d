"""How the units of a layer are connected to what precedes them: the linear map behind a weight matrix.

An activation of an image has one row per position and one unit per channel, `[config, batch · position, unit]`, so
biases, batch statistics and weight matrices of a convolution look like those of a fully connected layer.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from goldilocks.engine.axes import BATCH
from goldilocks.engine.initializers.base import Fans
from goldilocks.engine.kernels.choice import product_kernel

# Layers with fewer units than this, such as a classifier's read-out, are computed with the long axis last: that makes
# products several times faster.
NARROW = 16


class Connection:
    """A linear map between layers, for every configuration at once.

    Attributes:
        positions: rows that an example has in the output.
        receptive: positions of the input that each unit sees.
    """

    positions: int
    receptive: int

    @property
    def input_positions(self) -> int:
        """Rows that an example has in the input."""
        raise NotImplementedError(f"{type(self).__name__} must define input_positions")

    def between_fields(self) -> tuple["Connection", int]:
        """Return the same map between fields of a single channel, and how many of their positions each unit sees."""
        raise NotImplementedError(f"{type(self).__name__} must define between_fields")

    def patches(self, h: Tensor) -> Tensor:
        """Return the rows that meet the weight matrix.

        Args:
            h: inputs `[config, batch · position, unit]`.

        Returns:
            `[config, batch · position of the output, fan_in]`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define patches")

    def forward(self, h: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return what reaches the units.

        Args:
            h: inputs `[config or 1, batch · position, unit]`.
            weight: `[config, fan_in, fan_out]`.
            bias: `[config, 1, fan_out]`, or None.
        """
        raise NotImplementedError(f"{type(self).__name__} must define forward")

    def backward(self, dz: Tensor, weight: Tensor) -> Tensor:
        """Return the gradient at the inputs `[config, batch · position, unit]` for the gradient at the output."""
        raise NotImplementedError(f"{type(self).__name__} must define backward")

    def weight_gradient(self, h: Tensor, dz: Tensor) -> Tensor:
        """Return the gradient of the weights `[config, fan_in, fan_out]`, summed over batch and positions."""
        raise NotImplementedError(f"{type(self).__name__} must define weight_gradient")


@dataclass(frozen=True)
class Dense(Connection):
    """Every unit sees the whole example.

    Attributes:
        rows: rows that an example has in the input; they are laid one after the other.
    """

    rows: int = 1
    positions = 1
    receptive = 1

    @property
    def input_positions(self) -> int:
        return self.rows

    def between_fields(self) -> tuple[Connection, int]:
        return self, self.rows

    def patches(self, h: Tensor) -> Tensor:
        return h if self.rows == 1 else h.reshape(len(h), h.shape[BATCH] // self.rows, -1)

    def forward(self, h: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        h = self.patches(h).expand(len(weight), -1, -1)
        if product := product_kernel(h, weight):
            return product(h, weight, bias)
        if weight.shape[-1] < NARROW:
            z = torch.bmm(weight.mT, h.mT).mT
            return z if bias is None else z.add_(bias)
        return torch.bmm(h, weight) if bias is None else torch.baddbmm(bias, h, weight)

    def backward(self, dz: Tensor, weight: Tensor) -> Tensor:
        product = product_kernel(dz, weight.mT) or torch.bmm
        below = product(dz, weight.mT)
        return below if self.rows == 1 else below.view(len(dz), dz.shape[BATCH] * self.rows, -1)

    def weight_gradient(self, h: Tensor, dz: Tensor) -> Tensor:
        h = self.patches(h).expand(len(dz), -1, -1)
        if product := product_kernel(h.mT, dz):
            return product(h.mT, dz)
        return torch.bmm(dz.mT, h).mT if dz.shape[-1] < NARROW else torch.bmm(h.mT, dz)


DENSE = Dense()


@dataclass(frozen=True)
class LayerShape:
    """Sizes of one layer.

    Attributes:
        fan_in: rows of the weight matrix.
        units: columns of the weight matrix.
        connection: what the weight matrix does.
    """

    fan_in: int
    units: int
    connection: Connection = DENSE

    @property
    def positions(self) -> int:
        """Rows that an example has in the layer's activations."""
        return self.connection.positions

    @property
    def size(self) -> int:
        """Activations of one example."""
        return self.positions * self.units

    @property
    def weights(self) -> int:
        """Entries of the weight matrix."""
        return self.fan_in * self.units

    @property
    def products(self) -> int:
        """Multiplications of one example's forward pass."""
        return self.positions * self.weights

    @property
    def fans(self) -> Fans:
        """What an initializer needs to know."""
        receptive = self.connection.receptive
        return Fans(self.fan_in, self.units * receptive, receptive)
