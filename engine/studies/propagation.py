"""The lecture's experiment for a whole group of cells at once: signal forward, gradient backward, statistics per layer.

All cells of a batch share a seed, hence the input and the base noise; they differ in scale, activation and
normalization. One product `[config · batch, fan_in] @ [fan_in, fan_out]` per layer and family of draws serves them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from engine import randomness
from engine.activations.base import largest_slope
from engine.card import Card
from engine.data.base import prepared
from engine.data.gaussian import Gaussian
from engine.grid.cell import BATCHED, ActivationAxis, Cell, DatasetAxis, NormAxis, PreprocessingAxis
from engine.initializers.noise import bias_noise, weight_noise
from engine.networks import HiddenLayer, LayerGradient, Tape
from engine.networks.affine import SharedAffine, SharedNoise
from engine.networks.connection import Connection, LayerShape
from engine.networks.parameters import calibrate, initial_branch
from engine.normalizations.none import NoNormalization
from engine.preprocessings.raw import Raw
from engine.statistics import (
    Histogram,
    activation_statistics,
    histogram,
    root_mean_square,
    standard_deviation,
    wide,
)
from engine.studies.base import Cost, Outcome, Progress, Study, Tables, studies
from engine.studies.piecewise import PiecewiseActivation, PiecewiseNormalization, runs
from engine.studies.predictions import described, predicted

FLOAT_BYTES = 4
# Tensors of a layer's size that live at once: inputs, pre, act, the norm's memory, and temporaries of statistics.
TAPE_TENSORS, WORKING_TENSORS = 3, 16
# float64 matrices that live at once while one is made orthogonal.
ORTHOGONAL_MATRICES = 5

# Columns of the store's table `layers` that hold predictions, and where they come from.
PREDICTED = {
    "theory_std": "std",
    "theory_std_band": "std_band",
    "theory_grad_rms": "grad_rms",
    "theory_grad_band": "grad_band",
}


@dataclass
class _LayerRecord:
    """Statistics of one layer, still on the device."""

    columns: dict[str, Tensor]
    histograms: dict[str, Histogram]


class PropagationCell(Cell):
    """An untrained network whose signal and gradient are measured."""

    study = "propagation"

    dataset: DatasetAxis = Gaussian()
    preprocessing: PreprocessingAxis = Raw()
    activation: Annotated[ActivationAxis, BATCHED]
    norm: Annotated[NormAxis, BATCHED] = NoNormalization()

    def refusal(self) -> str | None:
        limit = self.dataset.train_size
        if limit and self.batch_size > limit:
            return f"batch_size = {self.batch_size}: {self.dataset} has {limit} training examples"
        return super().refusal()


@studies.register
class Propagation(Study[PropagationCell]):
    """Statistics of untrained networks."""

    name = "propagation"
    cell = PropagationCell
    typical_share = 0.4
    card = Card(
        "Signal propagation",
        "forward: h ← φ(norm(hW + b)) from the input; backward: from a unit Gaussian gradient on the last layer",
        "CS231n 2021, lecture 7; Glorot & Bengio 2010",
        notes="Normalizations run in training mode on the one batch.",
    )

    def group_key(self, cell: PropagationCell) -> tuple[Any, ...]:
        return (*cell.static, cell.seed)

    def cost(self, cells: Sequence[PropagationCell], device: torch.device) -> Cost:
        first, families = cells[0], {cell.init.family for cell in cells}
        shapes, examples = first.shapes, len(cells) * first.batch_size
        weights, sizes = [shape.weights for shape in shapes], [first.features, *(shape.size for shape in shapes)]
        tensors = examples * (sum(sizes) * TAPE_TENSORS + max(sizes) * WORKING_TENSORS)
        needed = FLOAT_BYTES * (tensors + len(families) * sum(weights))
        if "orthogonal" in families:
            needed += 2 * FLOAT_BYTES * ORTHOGONAL_MATRICES * max(weights)
        return Cost(flops=4.0 * examples * sum(shape.products for shape in shapes), bytes=needed)

    def run(self, cells: Sequence[PropagationCell], device: torch.device, progress: Progress) -> Outcome:
        program = _Program(sorted(cells, key=_neighbours), device)
        records = program.measure(progress)
        tables, diverged = _collect(program.cells, records, program.weight_std())
        return Outcome(tables, [cell.cell_id in diverged for cell in cells], [None] * len(cells))

    def forward_only(self, cells: Sequence[PropagationCell], device: torch.device) -> dict[str, np.ndarray]:
        """Return the rms activation of every layer, from the forward half of the program, statistics included.

        Args:
            cells: cells with the same group key.
            device: where.

        Returns:
            For each cell's id one number per layer.
        """
        program = _Program(sorted(cells, key=_neighbours), device)
        layers = [program.signal(tape) for tape in program.forward()]
        rms = torch.stack([layer.columns["rms"] for layer in layers], 1).cpu().numpy()
        return {cell.cell_id: row for cell, row in zip(program.cells, rms, strict=True)}


def _neighbours(cell: PropagationCell) -> tuple[str, ...]:
    return (cell.init.family, str(cell.activation), str(cell.norm), cell.cell_id)


class _Program:
    """One batch of propagation cells, sorted so that equal families, activations and norms are neighbours."""

    def __init__(self, cells: Sequence[PropagationCell], device: torch.device):
        self.cells, self.device, self.first = cells, device, cells[0]
        self.network, self.shapes = self.first.network, self.first.shapes
        self.activation = PiecewiseActivation([cell.activation for cell in cells])
        slopes = [largest_slope(cell.activation) for cell in cells]
        self.largest_slope = torch.tensor(slopes, device=device, dtype=torch.float32)
        self.layers = [self._layer(number, shape) for number, shape in enumerate(self.shapes, 1)]

    def _layer(self, number: int, shape: LayerShape) -> HiddenLayer[SharedAffine]:
        norm = PiecewiseNormalization([cell.norm.for_positions(shape.positions) for cell in self.cells])
        branch = initial_branch(self.cells, number, self.device)
        affine = self._affine(number, shape)
        return HiddenLayer(affine, self.activation, norm, branch=branch)  # type: ignore[arg-type]

    def _affine(self, layer: int, shape: LayerShape) -> SharedAffine:
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
        return SharedAffine(noises, self._column(scale), bias, shape.connection)

    def _column(self, values: list[float]) -> Tensor:
        return torch.tensor(values, device=self.device, dtype=torch.float32)[:, None, None]

    def forward(self) -> list[Tape]:
        x = _inputs(self.first).to(self.device)
        chosen = [cell.init.data_dependent for cell in self.cells]
        if any(chosen):
            calibrate(self.network, self.layers, x, torch.tensor(chosen, device=self.device))
        return self.network.forward(self.layers, x)

    def weight_std(self) -> np.ndarray:
        """Return the root mean square of the weights `[layer, config]`."""
        return torch.stack([layer.affine.scale[:, 0, 0] for layer in self.layers]).double().cpu().numpy()

    def measure(self, progress: Progress) -> list[_LayerRecord]:
        tapes = self.forward()
        progress(0.4)
        last = self.shapes[-1]
        shape = (self.first.batch_size * last.positions, last.units)
        unit = torch.from_numpy(randomness.standard_normal(("gradient", self.first.seed, shape), shape))
        gradient = unit.to(self.device).expand(len(self.cells), -1, -1)
        records = []
        backward = self.network.backward(self.layers, tapes, gradient)
        for layer, tape, gradients in zip(reversed(self.layers), reversed(tapes), backward, strict=True):
            records.append(self._record(layer.affine.connection, tape, gradients))
            progress(0.4 + 0.6 * len(records) / len(tapes))
        return records[::-1]

    def signal(self, tape: Tape) -> _LayerRecord:
        """Describe what the forward pass left behind in a layer."""
        slope = self.activation.derivative(tape.pre, tape.act)
        columns = activation_statistics(tape.output, slope, self.largest_slope)
        columns["preact_std"] = standard_deviation(tape.pre)
        return _LayerRecord(columns, {"pre": histogram(tape.pre), "act": histogram(tape.output)})

    def _record(self, connection: Connection, tape: Tape, gradient: LayerGradient) -> _LayerRecord:
        record = self.signal(tape)
        record.columns["grad_rms"] = root_mean_square(gradient.output)
        record.columns["weight_grad_rms"] = _weight_gradient_rms(connection, tape.inputs, gradient.affine)
        record.histograms["grad"] = histogram(gradient.output)
        return record


def _inputs(cell: PropagationCell) -> Tensor:
    """Return the inputs `[1, batch, unit]` that every cell of this seed sees."""
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


def _collect(
    cells: Sequence[PropagationCell], records: list[_LayerRecord], weight_std: np.ndarray
) -> tuple[Tables, set[str]]:
    """Copy the statistics off the device, once; return the store's rows and the ids of cells with a non-finite one."""
    names = list(records[0].columns)
    values = torch.stack([torch.stack([record.columns[name] for name in names]) for record in records]).cpu().numpy()
    finite = np.isfinite(values).all(axis=(0, 1))
    known = described(cells[0], _inputs(cells[0]))
    theory = [predicted(cell, weight_std[:, c], known) for c, cell in enumerate(cells)]
    rows: dict[str, list[Any]] = {name: [] for name in ("cell_id", "layer", "sigma_w", *PREDICTED)}
    for c, cell in enumerate(cells):
        for layer, prediction in enumerate(theory[c], 1):
            rows["cell_id"].append(cell.cell_id)
            rows["layer"].append(layer)
            rows["sigma_w"].append(weight_std[layer - 1, c] * cell.shapes[layer - 1].fan_in ** 0.5)
            for column, field in PREDICTED.items():
                rows[column].append(prediction and getattr(prediction, field))
    measured = {name: values[:, k].T.ravel() for k, name in enumerate(names)}
    tables = {"layers": pa.table({**rows, **measured}), "layer_histograms": _histogram_table(cells, records)}
    return tables, {cell.cell_id for cell, ok in zip(cells, finite, strict=True) if not ok}


def _histogram_table(cells: Sequence[PropagationCell], records: list[_LayerRecord]) -> pa.Table:
    parts = []
    ids = pa.array([cell.cell_id for cell in cells])
    for layer, record in enumerate(records, 1):
        for tap, taken in record.histograms.items():
            bins = taken.counts.int().cpu().numpy()
            offsets = np.arange(len(cells) + 1, dtype=np.int32) * bins.shape[1]
            columns = {
                "cell_id": ids,
                "layer": pa.array(np.full(len(cells), layer, np.int32)),
                "tap": pa.array([tap] * len(cells)),
                "lo": taken.lo.cpu().numpy(),
                "hi": taken.hi.cpu().numpy(),
                "counts": pa.ListArray.from_arrays(offsets, bins.ravel()),
                "underflow": taken.underflow.int().cpu().numpy(),
                "overflow": taken.overflow.int().cpu().numpy(),
                "nonfinite": taken.nonfinite.int().cpu().numpy(),
            }
            parts.append(pa.table(columns))
    return pa.concat_tables(parts)
