"""Affine maps over the config axis: with weights of one's own, or with scaled copies of shared noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from goldilocks.engine.axes import BATCH
from goldilocks.engine.networks.connection import DENSE, Connection


class Affine(Protocol):
    """z = hW + b for every configuration, and the way back."""

    def forward(self, h: Tensor) -> Tensor:
        """Return z `[config, batch, fan_out]` for h `[config or 1, batch, fan_in]`."""
        ...

    def backward(self, dz: Tensor) -> Tensor:
        """Return the gradient at h `[config, batch, fan_in]` for the gradient at z."""
        ...


@dataclass
class BatchedAffine:
    """Every configuration has its own weights.

    Attributes:
        weight: `[config, fan_in, fan_out]`.
        bias: `[config, 1, fan_out]`, or None where a normalization would take it off again.
        connection: what the weights connect.
    """

    weight: Tensor
    bias: Tensor | None
    connection: Connection = DENSE

    def tensors(self) -> list[Tensor]:
        """Return what is trained: the weight, and the bias where there is one."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def forward(self, h: Tensor) -> Tensor:
        return self.connection.forward(h, self.weight, self.bias)

    def backward(self, dz: Tensor) -> Tensor:
        return self.connection.backward(dz, self.weight)

    def gradients(self, h: Tensor, dz: Tensor) -> list[Tensor]:
        """Return the gradients of `tensors()`, summed over the batch.

        Args:
            h: what entered the map.
            dz: gradient at its output `[config, batch, fan_out]`.
        """
        weight = self.connection.weight_gradient(h, dz)
        return [weight] if self.bias is None else [weight, dz.sum(BATCH, keepdim=True)]

    def rescale(self, factor: Tensor) -> None:
        """Multiply the weights of each configuration.

        Args:
            factor: `[config, 1, 1]`.
        """
        self.weight *= factor


@dataclass
class SharedNoise:
    """Base noise shared by a run of neighbouring configurations.

    Attributes:
        configs: which configurations.
        matrix: `[fan_in, fan_out]`.
    """

    configs: slice
    matrix: Tensor


@dataclass
class SharedNoiseAffine:
    """Every configuration scales the same draws, so one large product serves them all.

    Attributes:
        noises: one entry per family of draws, together covering every configuration in order.
        scale: root mean square of the weights `[config, 1, 1]`.
        bias: `[config, 1, fan_out]`.
        connection: what the weights connect.
    """

    noises: Sequence[SharedNoise]
    scale: Tensor
    bias: Tensor
    connection: Connection = DENSE

    def forward(self, h: Tensor) -> Tensor:
        return self._scaled(h, lambda rows, matrix: self.connection.forward(rows, matrix, None)).add_(self.bias)

    def backward(self, dz: Tensor) -> Tensor:
        return self._scaled(dz, self.connection.backward)

    def rescale(self, factor: Tensor) -> None:
        """Multiply the weights of each configuration, as `BatchedAffine.rescale` does."""
        self.scale = self.scale * factor

    def _scaled(self, x: Tensor, product: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        parts = []
        for noise in self.noises:
            # What all configurations share meets the matrix once.
            rows = x if len(x) == 1 else x[noise.configs]
            # To the connection all configurations are one with many examples.
            products = product(rows.reshape(1, -1, rows.shape[-1]), noise.matrix[None])
            parts.append(products.view(len(rows), -1, products.shape[-1]) * self.scale[noise.configs])
        return parts[0] if len(parts) == 1 else torch.cat(parts)


@dataclass
class Calibrating:
    """Stands in for an affine map during one forward pass, and scales its weights until its outputs have variance 1.

    Attributes:
        affine: the map, without bias where it is to be scaled.
        chosen: which configurations are scaled `[config, 1, 1]`.
    """

    affine: BatchedAffine | SharedNoiseAffine
    chosen: Tensor

    def forward(self, h: Tensor) -> Tensor:
        z = self.affine.forward(h)
        std = z.flatten(1).std(1, correction=0)[:, None, None]
        factor = torch.where(self.chosen & (std > 0), 1 / std, 1.0)
        self.affine.rescale(factor)
        return z * factor

    def backward(self, dz: Tensor) -> Tensor:
        raise NotImplementedError("calibration is a forward pass")
