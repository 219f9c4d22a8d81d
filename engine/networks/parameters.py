"""The parameters of a batch of classifiers: initial values from base noise, and a flat view for the optimizer."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.grid.cell import Cell
from engine.initializers import Fans
from engine.initializers.noise import READOUT, Layer, bias_noise, weight_noise
from engine.networks.affine import OwnAffine
from engine.networks.base import HiddenLayer
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
        """Yield every trained tensor: weight, bias, γ, β of each layer, then weight and bias of the read-out."""
        for layer in self.hidden:
            yield from (layer.affine.weight, layer.affine.bias)
            if layer.scale is not None:
                yield from (layer.scale.gamma, layer.scale.beta)
        yield from (self.readout.weight, self.readout.bias)


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
            scale = Scale(torch.ones(shape, device=device), torch.zeros(shape, device=device))
        if first.norm.tracks:
            running = Running(torch.zeros(shape, device=device), torch.ones(shape, device=device))
        hidden.append(HiddenLayer(affine, first.activation, first.norm, scale, running))
    return Classifier(hidden, _affine(cells, READOUT, Fans(dims[-1], classes), device))


def _affine(cells: Sequence[Cell], layer: Layer, fans: Fans, device: torch.device) -> OwnAffine:
    weight = torch.empty(len(cells), fans.fan_in, fans.fan_out)
    bias = torch.empty(len(cells), 1, fans.fan_out)
    noises: dict[tuple[int, str], Tensor] = {}
    for c, cell in enumerate(cells):
        key = (cell.seed, cell.init.family)
        if key not in noises:
            noises[key] = weight_noise(cell.seed, layer, (fans.fan_in, fans.fan_out), cell.init.family)
        torch.mul(noises[key], cell.init.scale(fans, cell.activation), out=weight[c])
        torch.mul(bias_noise(cell.seed, layer, fans.fan_out), cell.init.bias_scale(fans), out=bias[c, 0])
    return OwnAffine(weight.to(device), bias.to(device))
