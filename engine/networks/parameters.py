"""The parameters of a batch of classifiers: initial values from base noise, and a flat view for the optimizer."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from engine.grid.cell import Cell
from engine.initializers import Fans
from engine.initializers.noise import READOUT, Layer, bias_noise, weight_noise
from engine.networks.affine import Calibrating, OwnAffine
from engine.networks.base import HiddenLayer, Network
from engine.normalizations.base import Running, Scale


@dataclass
class Classifier:
    """Hidden layers and one affine read-out.

    Attributes:
        hidden: the hidden layers, first to last.
        readout: the affine map from the last hidden layer to the classes.
    """

    hidden: list[HiddenLayer[OwnAffine]]
    readout: OwnAffine

    def affines(self) -> list[OwnAffine]:
        """Return every affine map, the read-out last."""
        return [layer.affine for layer in self.hidden] + [self.readout]

    def tensors(self) -> Iterator[Tensor]:
        """Yield every trained tensor: weight, bias, γ, β of each layer where they exist, then those of the read-out."""
        for layer in self.hidden:
            yield from layer.affine.tensors()
            if layer.scale is not None:
                yield from layer.scale.tensors()
        yield from self.readout.tensors()

    def select(self, configs: Tensor | slice) -> "Classifier":
        """Return some of the configurations: copies of those with given numbers, views of a slice.

        Args:
            configs: their numbers along the config axis.
        """
        return Classifier([_select(layer, configs) for layer in self.hidden], _select(self.readout, configs))


def initialize(cells: Sequence[Cell], classes: int, device: torch.device) -> Classifier:
    """Make the classifiers of a batch of cells as their schemes say.

    Args:
        cells: one configuration each; all of the same shape.
        classes: outputs of the read-out.
        device: where the tensors live.

    Returns:
        Tensors with the cells along the config axis.
    """
    first, dims = cells[0], cells[0].dims
    hidden = []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(dims), 1):
        affine = _affine(cells, layer, Fans(fan_in, fan_out), device)
        shape = (len(cells), 1, fan_out)
        scale = running = None
        if first.norm.learnable:
            beta = torch.zeros(shape, device=device) if first.norm.shifts else None
            scale = Scale(torch.ones(shape, device=device), beta)
        if first.norm.tracks:
            running = Running(torch.zeros(shape, device=device), torch.ones(shape, device=device))
        if first.norm.absorbs_bias:
            _absorb_bias(affine, running)
        hidden.append(HiddenLayer(affine, first.activation, first.norm, scale, running))
    return Classifier(hidden, _affine(cells, READOUT, Fans(dims[-1], classes), device))


def _absorb_bias(affine: OwnAffine, running: Running | None) -> None:
    """Drop a bias whose gradient is zero; running statistics that start lower by it make evaluation the same."""
    if running is not None and affine.bias is not None:
        running.mean -= affine.bias
    affine.bias = None


def calibrate(network: Network, hidden: Sequence[HiddenLayer], x: Tensor, chosen: Tensor) -> Tensor:
    """Rescale layer after layer, in execution order, until what leaves each affine map has variance 1.

    Args:
        network: what connects the layers.
        hidden: the hidden layers, changed.
        x: the minibatch to measure on `[config or 1, batch, unit]`.
        chosen: which configurations are rescaled `[config]`.

    Returns:
        What leaves the last layer `[config, batch, unit]`.

    Source:
        Mishkin & Matas 2016.
    """
    mask = chosen[:, None, None]
    layers = [replace(layer, affine=Calibrating(layer.affine, mask), running=None) for layer in hidden]
    return network.forward(layers, x)[-1].act


Part = TypeVar("Part")


def _select(part: Part, configs: Tensor | slice) -> Part:
    """Return a dataclass whose tensors, also inside dataclasses of its own, hold only some of the configurations."""

    def pick(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value[configs]
        return _select(value, configs) if is_dataclass(value) else value

    return replace(part, **{field.name: pick(getattr(part, field.name)) for field in fields(part)})  # type: ignore


def _affine(cells: Sequence[Cell], layer: Layer, fans: Fans, device: torch.device) -> OwnAffine:
    weight = torch.empty(len(cells), fans.fan_in, fans.fan_out)
    bias = torch.zeros(len(cells), 1, fans.fan_out)
    noises: dict[tuple[int, str], Tensor] = {}
    for c, cell in enumerate(cells):
        key = (cell.seed, cell.init.family)
        if key not in noises:
            noises[key] = weight_noise(cell.seed, layer, (fans.fan_in, fans.fan_out), cell.init.family)
        torch.mul(noises[key], cell.init.scale(fans, cell.activation), out=weight[c])
        if bias_scale := cell.init.bias_scale(fans, cell.activation):
            torch.mul(bias_noise(cell.seed, layer, fans.fan_out, cell.init.bias_family), bias_scale, out=bias[c, 0])
    return OwnAffine(weight.to(device), bias.to(device))
