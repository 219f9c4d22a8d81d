"""The parameters of a batch of classifiers: hidden layers, a read-out, and a flat view for the optimizer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from goldilocks.engine.networks.affine import BatchedAffine
from goldilocks.engine.networks.base import HiddenLayer, trained_tensors

Part = TypeVar("Part")


@dataclass
class Classifier:
    """Hidden layers and one affine read-out.

    Attributes:
        hidden: the hidden layers, first to last.
        readout: the affine map from the last hidden layer to the classes.
    """

    hidden: list[HiddenLayer[BatchedAffine]]
    readout: BatchedAffine

    def affines(self) -> list[BatchedAffine]:
        """Return every affine map, the read-out last."""
        return [layer.affine for layer in self.hidden] + [self.readout]

    def tensors(self) -> Iterator[Tensor]:
        """Yield every trained tensor, layer after layer, those of the read-out last."""
        for layer in self.hidden:
            yield from trained_tensors(layer)
        yield from self.readout.tensors()

    def select(self, configs: Tensor | slice) -> "Classifier":
        """Return some of the configurations: copies of those with given numbers, views of a slice.

        Args:
            configs: their numbers along the config axis.
        """
        return self._each(lambda tensor: tensor[configs])

    def to(self, device: torch.device) -> "Classifier":
        """Return the same on a device.

        Args:
            device: where its tensors shall live.
        """
        return self._each(lambda tensor: tensor.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Classifier":
        return Classifier([_changed(layer, change) for layer in self.hidden], _changed(self.readout, change))


def _changed(part: Part, change: Callable[[Tensor], Tensor]) -> Part:
    """Return a dataclass with every tensor changed, also inside dataclasses of its own."""

    def changed(value: Any) -> Any:
        if isinstance(value, Tensor):
            return change(value)
        return _changed(value, change) if is_dataclass(value) else value

    return replace(part, **{field.name: changed(getattr(part, field.name)) for field in fields(part)})  # type: ignore
