"""The convolution of square images, for every configuration at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from goldilocks.engine.axes import BATCH
from goldilocks.engine.networks.connection import Connection


@dataclass(frozen=True)
class Convolution(Connection):
    """Every unit sees a square window of the image; beyond the border there are zeros.

    The rows of a weight matrix are the window's positions, row by row, and within each its channels.

    Attributes:
        side: rows, and columns, of the input image.
        channels: channels of the input image.
        filter: side of the window, odd.
        stride: distance between neighbouring windows.
    """

    side: int
    channels: int
    filter: int = 3
    stride: int = 1

    @property
    def out_side(self) -> int:
        """Rows, and columns, of the output image."""
        return (self.side - 1) // self.stride + 1

    @property
    def positions(self) -> int:  # type: ignore[override]
        return self.out_side**2

    @property
    def receptive(self) -> int:  # type: ignore[override]
        return self.filter**2

    @property
    def input_positions(self) -> int:
        return self.side**2

    def between_fields(self) -> tuple[Connection, int]:
        return replace(self, channels=1), self.receptive

    @property
    def padding(self) -> int:
        """Zeros on each side of the image."""
        return self.filter // 2

    def patches(self, h: Tensor) -> Tensor:
        edge, images = self.padding, self._images(h)
        padded = functional.pad(images, (0, 0, edge, edge, edge, edge))
        config, image, row, column, _ = padded.stride()
        size = (*images.shape[:2], self.out_side, self.out_side, self.filter, self.filter * self.channels)
        windows = padded.as_strided(size, (config, image, row * self.stride, column * self.stride, row, 1))
        return windows.reshape(len(h), -1, self.receptive * self.channels)

    def forward(self, h: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if not _fused(h):
            patches = self.patches(h).expand(len(weight), -1, -1)
            return torch.bmm(patches, weight) if bias is None else torch.baddbmm(bias, patches, weight)
        images = self._images(h).movedim(-1, 2).expand(len(weight), -1, -1, -1, -1)
        biases = [None] * len(weight) if bias is None else bias[:, 0]
        parts = (
            functional.conv2d(x, self._filters(w), b, self.stride, self.padding)
            for x, w, b in zip(images, weight, biases, strict=True)
        )
        return _joined((part.movedim(1, -1).flatten(0, 2) for part in parts), len(weight))

    def backward(self, dz: Tensor, weight: Tensor) -> Tensor:
        if not _fused(dz):
            return self._folded(torch.bmm(dz, weight.mT))
        # Only its shape matters.
        image = dz.new_empty(()).expand(dz.shape[BATCH] // self.positions, self.channels, self.side, self.side)
        parts = (
            self._ways_back(d, image, self._filters(w), (True, False))[0]
            for d, w in zip(self._outputs(dz), weight, strict=True)
        )
        return _joined((part.movedim(1, -1).flatten(0, 2) for part in parts), len(weight))

    def weight_gradient(self, h: Tensor, dz: Tensor) -> Tensor:
        if not _fused(h):
            return torch.bmm(self.patches(h).expand(len(dz), -1, -1).mT, dz)
        images = self._images(h).movedim(-1, 2).expand(len(dz), -1, -1, -1, -1)
        filters = dz.new_empty(()).expand(dz.shape[-1], self.channels, self.filter, self.filter)
        parts = (
            self._ways_back(d, x, filters, (False, True))[1] for d, x in zip(self._outputs(dz), images, strict=True)
        )
        return _joined((part.permute(2, 3, 1, 0).flatten(0, 2) for part in parts), len(dz))

    def _images(self, h: Tensor) -> Tensor:
        """Return the inputs `[config, batch, row, column, channel]`."""
        return h.reshape(len(h), -1, self.side, self.side, self.channels)

    def _outputs(self, dz: Tensor) -> Tensor:
        """Return a gradient at the output `[config, batch, channel, row, column]`."""
        return dz.reshape(len(dz), -1, self.out_side, self.out_side, dz.shape[-1]).movedim(-1, 2)

    def _filters(self, weight: Tensor) -> Tensor:
        """Return one configuration's weights as PyTorch has them `[channel out, channel in, row, column]`."""
        return weight.view(self.filter, self.filter, self.channels, -1).permute(3, 2, 0, 1)

    def _ways_back(self, dz: Tensor, image: Tensor, filters: Tensor, wanted: tuple[bool, bool]) -> tuple[Tensor, ...]:
        stride, padding = [self.stride] * 2, [self.padding] * 2
        return torch.ops.aten.convolution_backward(
            dz, image, filters, None, stride, padding, [1, 1], False, [0, 0], 1, [*wanted, False]
        )

    def _folded(self, patches: Tensor) -> Tensor:
        """Add what each patch holds to the pixels it was taken from: the transpose of `patches`."""
        edge, reach = self.padding, self.out_side * self.stride
        parts = patches.view(len(patches), -1, self.out_side, self.out_side, self.filter, self.filter, self.channels)
        room = max(self.side + 2 * edge, reach + self.filter - 1)
        images = patches.new_zeros(*parts.shape[:2], room, room, self.channels)
        for row in range(self.filter):
            for column in range(self.filter):
                window = images[:, :, row : row + reach : self.stride, column : column + reach : self.stride]
                window += parts[:, :, :, :, row, column]
        inside = slice(edge, edge + self.side)
        return images[:, :, inside, inside].reshape(len(patches), -1, self.channels)


def _fused(x: Tensor) -> bool:
    """Tell whether one fused kernel per configuration beats patches and a batched product.

    On a CPU it is two to three times faster, and takes a ninth of the memory; in float64 there is none.
    """
    return x.device.type == "cpu" and x.dtype == torch.float32


def _joined(parts: Iterator[Tensor], count: int) -> Tensor:
    """Stack the results of all configurations, each as soon as it is there."""
    first = next(parts)
    if count == 1:
        return first[None]
    out = first.new_empty(count, *first.shape)
    out[0] = first
    for place, part in enumerate(parts, 1):
        out[place] = part
    return out
