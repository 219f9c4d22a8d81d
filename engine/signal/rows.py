"""From the statistics of a signal program to the rows of the store, cell by cell."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from goldilocks.engine.cell import Cell
from goldilocks.engine.predictions.cells import described, predicted
from goldilocks.engine.signal.program import Measured, SignalProgram, Statistics, configuration, inputs
from goldilocks.engine.statistics import Histogram

# Columns of the store's table `layers` that hold predictions, and where they come from.
PREDICTED = {
    "theory_std": "std",
    "theory_std_band": "std_band",
    "theory_grad_rms": "grad_rms",
    "theory_grad_band": "grad_band",
    "theory_weight_grad_rms": "weight_grad_rms",
}


def rows(cells: Sequence[Cell], program: SignalProgram, measured: Measured) -> dict[str, pa.Table]:
    """Copy the statistics off the device, once.

    Args:
        cells: the cells that the program computed.
        program: their program.
        measured: what it measured.

    Returns:
        The store's tables.
    """
    places = {configuration(cell): place for place, cell in enumerate(program.cells)}
    signal, weight_std = _OnHost(measured.signal), program.weight_std()
    layers, histograms = [], []
    for depth, statistics in measured.gradients.items():
        members = [cell for cell in cells if cell.depth == depth]
        chosen = np.array([places[configuration(cell)] for cell in members])
        gradient = _OnHost(statistics)
        columns = signal.of(chosen, depth) | gradient.of(chosen, depth)
        named = _names_and_theory(members, weight_std[:depth, chosen])
        layers.append(pa.table(named | {name: values.ravel() for name, values in columns.items()}))
        ids = pa.array([cell.cell_id for cell in members])
        for taken in (signal, gradient):
            histograms += _histogram_tables(ids, chosen, taken.histograms, depth)
    return {"layers": pa.concat_tables(layers), "layer_histograms": pa.concat_tables(histograms)}


class _OnHost:
    """Statistics of some layers as arrays `[layer, config, …]`."""

    def __init__(self, statistics: Statistics):
        self.columns = {name: values.cpu().numpy() for name, values in statistics.columns.items()}
        self.histograms = {tap: _arrays(taken) for tap, taken in statistics.histograms.items()}

    def of(self, configs: np.ndarray, depth: int) -> dict[str, np.ndarray]:
        """Return every column `[config, layer]` of some configurations, down to a depth."""
        return {name: values[:depth, configs].T for name, values in self.columns.items()}


def _arrays(taken: Histogram) -> dict[str, np.ndarray]:
    counted = ("counts", "underflow", "overflow", "nonfinite")
    return {name: getattr(taken, name).cpu().numpy() for name in ("lo", "hi")} | {
        name: getattr(taken, name).int().cpu().numpy() for name in counted
    }


def _names_and_theory(cells: Sequence[Cell], weight_std: np.ndarray) -> dict[str, Any]:
    known = described(cells[0], inputs(cells[0]))
    columns: dict[str, list[Any]] = {name: [] for name in ("cell_id", "layer", "sigma_w", *PREDICTED)}
    for c, cell in enumerate(cells):
        for layer, prediction in enumerate(predicted(cell, weight_std[:, c], known), 1):
            columns["cell_id"].append(cell.cell_id)
            columns["layer"].append(layer)
            columns["sigma_w"].append(weight_std[layer - 1, c] * cell.shapes[layer - 1].fan_in ** 0.5)
            for column, field in PREDICTED.items():
                columns[column].append(prediction and getattr(prediction, field))
    # Typed, because cells of one depth may all be without a prediction.
    return columns | {column: pa.array(columns[column], pa.float64()) for column in PREDICTED}


def _histogram_tables(
    ids: pa.Array, configs: np.ndarray, taps: dict[str, dict[str, np.ndarray]], depth: int
) -> list[pa.Table]:
    parts = []
    for tap, taken in taps.items():
        for layer in range(1, depth + 1):
            chosen = {name: values[layer - 1, configs] for name, values in taken.items()}
            bins = chosen.pop("counts")
            offsets = np.arange(len(ids) + 1, dtype=np.int32) * bins.shape[1]
            names = {"layer": np.full(len(ids), layer, np.int32), "tap": pa.array([tap] * len(ids))}
            counts = pa.ListArray.from_arrays(offsets, bins.ravel())
            parts.append(pa.table({"cell_id": ids, **names, "counts": counts, **chosen}))
    return parts
