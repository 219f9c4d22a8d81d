"""One tensor program for many untrained networks: signal forward, gradient backward, statistics of every layer.

All configurations see the same inputs and scale the same base noise; they differ in scale, activation and
normalization. One product `[config · batch, fan_in] @ [fan_in, fan_out]` per layer and family of draws serves them all.
A shallower network is the lower part of a deeper one, so the signal of several depths is computed once, to the deepest;
the gradient starts at the last layer of each depth anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine import randomness
from goldilocks.engine.cell import Cell
from goldilocks.engine.cores import Progress
from goldilocks.engine.data.base import prepared
from goldilocks.engine.initial import calibrate, initial_branch
from goldilocks.engine.initializers.noise import bias_noise, weight_noise
from goldilocks.engine.networks import HiddenLayer, LayerGradient, Tape
from goldilocks.engine.networks.affine import SharedNoise, SharedNoiseAffine
from goldilocks.engine.networks.connection import Connection, LayerShape
from goldilocks.engine.saturation import ends, saturated
from goldilocks.engine.signal.piecewise import PiecewiseActivation, PiecewiseNormalization, runs
from goldilocks.engine.statistics import (
    Histogram,
    activation_statistics,
    histogram,
    moments,
    root_mean_square,
    wide,
)

# Share of the work that is done when the signal has reached the last layer.
FORWARD_SHARE = 0.4


@dataclass
class Statistics:
    """Statistics of one layer `[config, …]`, or of several `[layer, config, …]`, still on the device.

    Attributes:
        columns: by column of the store's table `layers`.
        histograms: by tap.
    """

    columns: dict[str, Tensor]
    histograms: dict[str, Histogram]

    def tensors(self) -> list[Tensor]:
        """Return every tensor, always in the same order."""
        parts = [[getattr(taken, field.name) for field in fields(taken)] for taken in self.histograms.values()]
        return [*self.columns.values(), *(tensor for part in parts for tensor in part)]

    def repeated(self, layers: int) -> "Statistics":
        """Return room for so many layers of the same."""

        def room(tensor: Tensor) -> Tensor:
            return tensor.new_empty(layers, *tensor.shape)

        columns = {name: room(values) for name, values in self.columns.items()}
        taps = self.histograms.items()
        return Statistics(
            columns,
            {tap: Histogram(*(room(getattr(taken, field.name)) for field in fields(taken))) for tap, taken in taps},
        )


def stacked(layers: Iterable[Statistics], places: Sequence[int]) -> Statistics:
    """Put the statistics of single layers into one.

    Their room is made once: kept one by one, they would lie between the large temporaries of each layer and cut the
    heap into pieces that no later temporary fits into.

    Args:
        layers: statistics as they come.
        places: number of each one's layer, from 0.
    """
    room: Statistics | None = None
    for place, layer in zip(places, layers, strict=True):
        room = room or layer.repeated(len(places))
        for stack, tensor in zip(room.tensors(), layer.tensors(), strict=True):
            stack[place] = tensor
    assert room is not None
    return room


@dataclass
class Measured:
    """What a program measured.

    Attributes:
        signal: statistics of each layer of the deepest network.
        gradients: for each depth, statistics of each layer.
    """

    signal: Statistics
    gradients: dict[int, Statistics]


def configurations(cells: Sequence[Cell]) -> list[Cell]:
    """Return one cell for each combination of initialization, activation and normalization: its deepest.

    Args:
        cells: cells that may share a program.

    Returns:
        The cells in an order in which equal families of draws, activations and normalizations are neighbours.
    """
    deepest: dict[tuple[str, ...], Cell] = {}
    for cell in sorted(cells, key=lambda cell: cell.depth):
        deepest[configuration(cell)] = cell
    return [deepest[key] for key in sorted(deepest)]


def configuration(cell: Cell) -> tuple[str, ...]:
    """Return what tells the configurations of a program apart."""
    return cell.init.family, str(cell.activation), str(cell.norm), str(cell.init)


class SignalProgram:
    """The tensors of a batch of untrained networks.

    Args:
        cells: one configuration each, as `configurations` returns them; the deepest says how many layers there are.
        device: where.
    """

    def __init__(self, cells: Sequence[Cell], device: torch.device):
        self.cells, self.device = cells, device
        self.first = max(cells, key=lambda cell: cell.depth)
        self.network, self.shapes = self.first.network, self.first.shapes
        self.activation = PiecewiseActivation([cell.activation for cell in cells])
        self.ends = torch.tensor([astuple(ends(cell.activation)) for cell in cells], device=device).unbind(1)
        self.layers = [self._layer(number, shape) for number, shape in enumerate(self.shapes, 1)]

    def _layer(self, number: int, shape: LayerShape) -> HiddenLayer[SharedNoiseAffine]:
        norm = PiecewiseNormalization([cell.norm.for_positions(shape.positions) for cell in self.cells])
        branch = initial_branch(self.cells, number, self.device)
        affine = self._affine(number, shape)
        return HiddenLayer(affine, self.activation, norm, branch=branch)  # type: ignore[arg-type]

    def _affine(self, layer: int, shape: LayerShape) -> SharedNoiseAffine:
        fans, seed = shape.fans, self.first.seed
        noises = [
            SharedNoise(part, weight_noise(seed, layer, (shape.fan_in, shape.units), family).to(self.device))
            for family, part in runs([cell.init.family for cell in self.cells])
        ]
        scale = [cell.init.scale(fans, cell.activation) for cell in self.cells]
        bias_scale = self._column([cell.init.bias_scale(fans, cell.activation) for cell in self.cells])
        drawn = {
            family: bias_noise(seed, layer, shape.units, family) for family in {c.init.bias_family for c in self.cells}
        }
        bias = torch.stack([drawn[cell.init.bias_family] for cell in self.cells])[:, None].to(self.device) * bias_scale
        return SharedNoiseAffine(noises, self._column(scale), bias, shape.connection)

    def _column(self, values: list[float]) -> Tensor:
        return torch.tensor(values, device=self.device, dtype=torch.float32)[:, None, None]

    def forward(self) -> list[Tape]:
        x = inputs(self.first).to(self.device)
        chosen = [cell.init.data_dependent for cell in self.cells]
        if any(chosen):
            calibrate(self.network, self.layers, x, torch.tensor(chosen, device=self.device))
        return self.network.forward(self.layers, x)

    def weight_std(self) -> np.ndarray:
        """Return the root mean square of the weights `[layer, config]`."""
        return torch.stack([layer.affine.scale[:, 0, 0] for layer in self.layers]).double().cpu().numpy()

    def measure(self, depths: Sequence[int], progress: Progress) -> Measured:
        """Send the signal to the last layer, and for each depth a unit gradient back from its last layer.

        Args:
            depths: where gradients start; the deepest network has the largest.
            progress: called with the share that is done, from 0 to 1.
        """
        tapes = self.forward()
        signal = stacked((self.signal(tape) for tape in tapes), range(len(tapes)))
        progress(FORWARD_SHARE)
        gradients: dict[int, Statistics] = {}
        for depth in depths:
            gradients[depth] = self._gradients(tapes[:depth])
            progress(FORWARD_SHARE + (1 - FORWARD_SHARE) * sum(gradients) / sum(depths))
        return Measured(signal, gradients)

    def signal(self, tape: Tape) -> Statistics:
        """Describe what the forward pass left behind in a layer."""
        slope = self.activation.derivative(tape.pre, tape.act)
        pre, act = moments(tape.pre), moments(tape.output)
        at_end = saturated(tape.pre, *self.ends)
        columns = activation_statistics(tape.output, act, slope, at_end) | {"preact_std": pre.std}
        return Statistics(columns, {"pre": histogram(tape.pre, pre), "act": histogram(tape.output, act)})

    def _gradients(self, tapes: Sequence[Tape]) -> Statistics:
        layers, last = self.layers[: len(tapes)], self.shapes[len(tapes) - 1]
        shape = (self.first.batch_size * last.positions, last.units)
        unit = torch.from_numpy(randomness.standard_normal(("gradient", self.first.seed, shape), shape))
        backward = self.network.backward(layers, tapes, unit.to(self.device).expand(len(self.cells), -1, -1))
        statistics = (
            _gradient(layer.affine.connection, tape, gradient)
            for layer, tape, gradient in zip(reversed(layers), reversed(tapes), backward, strict=True)
        )
        return stacked(statistics, range(len(layers))[::-1])


def _gradient(connection: Connection, tape: Tape, gradient: LayerGradient) -> Statistics:
    columns = {
        "grad_rms": root_mean_square(gradient.output),
        "weight_grad_rms": _weight_gradient_rms(connection, tape.inputs, gradient.affine),
    }
    return Statistics(columns, {"grad": histogram(gradient.output, moments(gradient.output))})


def inputs(cell: Cell) -> Tensor:
    """Return the inputs `[1, batch, unit]` that every cell of this data set, batch size and seed sees."""
    if cell.dataset.train_size == 0:
        shape = (cell.batch_size, cell.features)
        return torch.from_numpy(randomness.standard_normal(("input", cell.seed, shape), shape))[None]
    data = prepared(cell.dataset, cell.preprocessing).train_x
    identity = ("minibatches", cell.dataset.name, cell.seed)
    return torch.from_numpy(data[randomness.permutations(identity, len(data), cell.batch_size)])[None]


def _weight_gradient_rms(connection: Connection, inputs: Tensor, gradient: Tensor) -> Tensor:
    """Return the rms of HᵀG `[config]`, H the rows that met the weights."""
    # A sum of products of both signs: wide, so that what cancels leaves no trace.
    rows = connection.patches(inputs[:1].to(wide(inputs)))
    count, fan_in, fan_out = *rows.shape[1:], gradient.shape[-1]
    if count * (fan_in + fan_out) > fan_in * fan_out:
        # Patches are many times larger than the images they are from: one configuration at a time.
        images = inputs.expand(len(gradient), -1, -1)
        parts = (
            connection.weight_gradient(h[None].to(rows.dtype), g[None].to(rows.dtype))
            for h, g in zip(images, gradient, strict=True)
        )
        return torch.cat([root_mean_square(part) for part in parts]).float()
    # From two Gram matrices of the rows: ‖HᵀG‖² = Σ (HHᵀ)∘(GGᵀ).
    rows, gradient = connection.patches(inputs.to(rows.dtype)), gradient.to(rows.dtype)
    grams = torch.bmm(gradient, gradient.mT) * (rows @ rows.mT)
    squared = grams.flatten(1).sum(1).clamp_min(0)
    return (squared / (fan_in * fan_out)).sqrt().float()
