"""What every contender of a training case starts from: the same weights, the same minibatches, as plain arrays."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine import randomness
from goldilocks.engine.data.base import prepared
from goldilocks.engine.initial import starts
from goldilocks.engine.initializers import Fans
from goldilocks.engine.initializers.noise import READOUT, bias_noise, weight_noise
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.curves import logged_steps


class Tensors(NamedTuple):
    """What every peer in PyTorch reads; see `Problem`."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    order: Tensor
    lr: Tensor


@dataclass(frozen=True)
class Problem:
    """A batch of classifiers to train by SGD, all ReLU, all with batch norm or all without.

    Attributes:
        weights: one array `[config, fan_in, fan_out]` per layer, the read-out last.
        biases: one array `[config, 1, fan_out]` per layer.
        batch_norm: whether batch normalization follows every hidden affine map.
        order: training examples in the order of use `[config, step, batch]`.
        lr: learning rates `[config]`.
        interval: steps between two evaluations.
        train_x, train_y, test_x, test_y: the data.
    """

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    batch_norm: bool
    order: np.ndarray
    lr: np.ndarray
    interval: int
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray

    @classmethod
    def of(cls, cells: Sequence[TrainingCell]) -> "Problem":
        """Lay out a batch of cells that share a shape.

        Args:
            cells: ReLU networks with SGD; the number of steps is a multiple of the number of logged intervals.
        """
        first, data = cells[0], prepared(cells[0].dataset, cells[0].preprocessing)
        dims = [*first.dims, first.dataset.classes]
        shapes = list(itertools.pairwise(dims))
        names: list[int | str] = [*range(1, len(shapes)), READOUT]
        size = first.steps * first.batch_size
        identity = ("minibatches", first.dataset.name)
        drawn, places = starts(cells)
        orders = [randomness.permutations((*identity, cell.seed), len(data.train_x), size) for cell in drawn]
        return cls(
            [np.stack([_weight(c, n, s) for c in drawn])[places] for n, s in zip(names, shapes, strict=True)],
            [np.stack([_bias(c, n, s) for c in drawn])[places] for n, s in zip(names, shapes, strict=True)],
            first.norm.name == "batch",
            np.stack(orders).reshape(len(drawn), first.steps, first.batch_size)[places],
            np.array([cell.lr for cell in cells], np.float32),
            logged_steps(first.steps)[1],
            data.train_x,
            data.train_y,
            data.test_x,
            data.test_y,
        )

    def first(self, count: int) -> "Problem":
        """Return the problem of the first few configurations."""
        weights, biases = ([array[:count] for array in arrays] for arrays in (self.weights, self.biases))
        return replace(self, weights=weights, biases=biases, order=self.order[:count], lr=self.lr[:count])

    def on(self, device: torch.device) -> "Tensors":
        """Return the data, the order of the minibatches and the rates on a device."""
        arrays = (self.train_x, self.train_y, self.test_x, self.test_y, self.order, self.lr)
        return Tensors(*(torch.from_numpy(array).to(device) for array in arrays))

    @property
    def steps(self) -> int:
        """Number of updates."""
        return self.order.shape[1]


def _weight(cell: TrainingCell, layer: int | str, shape: tuple[int, int]) -> np.ndarray:
    noise = weight_noise(cell.seed, layer, shape, cell.init.family)
    return (noise * cell.init.scale(Fans(*shape), cell.activation)).numpy()


def _bias(cell: TrainingCell, layer: int | str, shape: tuple[int, int]) -> np.ndarray:
    return (bias_noise(cell.seed, layer, shape[1]) * cell.init.bias_scale(Fans(*shape), cell.activation)).numpy()[None]
