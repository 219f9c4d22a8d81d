"""Initial values of a batch of classifiers: base noise, scaled as each scheme says, and calibration to data."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from goldilocks.engine.cell import Cell
from goldilocks.engine.initializers.noise import READOUT, Layer, bias_noise, weight_noise
from goldilocks.engine.networks.affine import BatchedAffine, Calibrating
from goldilocks.engine.networks.base import Branch, HiddenLayer, Network
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.networks.connection import LayerShape
from goldilocks.engine.normalizations.base import Running, Scale


def initialize(cells: Sequence[Cell], classes: int, device: torch.device) -> Classifier:
    """Make the classifiers of a batch of cells as their schemes say.

    Args:
        cells: one configuration each; all of the same shape.
        classes: outputs of the read-out.
        device: where the tensors live.

    Returns:
        Tensors with the cells along the config axis.
    """
    firsts, places = starts(cells)
    hidden = [_hidden_layer(firsts, layer, device) for layer in range(1, cells[0].depth + 1)]
    if cells[0].norm.absorbs_bias:
        _absorb_biases(cells[0].network, hidden)
    readout = replace(cells[0].readout, units=classes)
    model = Classifier(hidden, drawn_affine(firsts, READOUT, readout, device))
    return model if len(firsts) == len(cells) else model.select(torch.tensor(places, device=device))


Kind = TypeVar("Kind", bound=Cell)


def starts(cells: Sequence[Kind]) -> tuple[list[Kind], list[int]]:
    """Tell which cells start from the same numbers, as those do that differ in their learning rate alone.

    Args:
        cells: one configuration each; all of the same shape.

    Returns:
        One cell for every start that occurs, and for each cell the place of its start among these.
    """
    distinct: dict[object, tuple[int, Kind]] = {}
    places = [distinct.setdefault((cell.seed, cell.init, cell.activation), (len(distinct), cell))[0] for cell in cells]
    return [cell for _, cell in distinct.values()], places


def _hidden_layer(cells: Sequence[Cell], layer: int, device: torch.device) -> HiddenLayer[BatchedAffine]:
    first, shape = cells[0], cells[0].shapes[layer - 1]
    size = (len(cells), 1, shape.units)
    scale = running = None
    if first.norm.learnable:
        beta = torch.zeros(size, device=device) if first.norm.shifts else None
        scale = Scale(torch.ones(size, device=device), beta)
    if first.norm.tracks:
        running = Running(torch.zeros(size, device=device), torch.ones(size, device=device))
    affine = drawn_affine(cells, layer, shape, device)
    norm, branch = first.norm.for_positions(shape.positions), initial_branch(cells, layer, device)
    return HiddenLayer(affine, first.activation, norm, scale, running, branch)


def initial_branch(cells: Sequence[Cell], layer: int, device: torch.device) -> Branch | None:
    """Return the factor on a layer's branch before training, or None for a layer that adds nothing to its input.

    Args:
        cells: one configuration each; all of the same network and depth.
        layer: number of the hidden layer, from 1.
        device: where the tensor lives.
    """
    network = cells[0].network
    factor = network.branch_factor(layer, cells[0].depth)
    if factor is None:
        return None
    return Branch(torch.full((len(cells), 1, 1), factor, device=device), network.learns_factors)


def _absorb_biases(network: Network, hidden: Sequence[HiddenLayer[BatchedAffine]]) -> None:
    """Drop biases whose gradients are zero; running statistics that start lower by them make evaluation the same."""
    biases = [layer.affine.bias for layer in hidden if layer.affine.bias is not None]
    for layer, shift in zip(hidden, network.shifts(biases), strict=True):
        if layer.running is not None:
            layer.running.mean -= shift
        layer.affine.bias = None


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


def drawn_affine(cells: Sequence[Cell], layer: Layer, shape: LayerShape, device: torch.device) -> BatchedAffine:
    """Return an affine map with initial weights.

    Args:
        cells: one configuration each.
        layer: number of the hidden layer, from 1, or `READOUT`.
        shape: its sizes.
        device: where the tensors live.
    """
    size, fans = (shape.fan_in, shape.units), shape.fans
    weight = torch.empty(len(cells), *size)
    bias = torch.zeros(len(cells), 1, shape.units)
    noises: dict[tuple[int, str], Tensor] = {}
    for c, cell in enumerate(cells):
        key = (cell.seed, cell.init.family)
        if key not in noises:
            noises[key] = weight_noise(cell.seed, layer, size, cell.init.family)
        torch.mul(noises[key], cell.init.scale(fans, cell.activation), out=weight[c])
        if bias_scale := cell.init.bias_scale(fans, cell.activation):
            torch.mul(bias_noise(cell.seed, layer, shape.units, cell.init.bias_family), bias_scale, out=bias[c, 0])
    return BatchedAffine(weight.to(device), bias.to(device), shape.connection)
