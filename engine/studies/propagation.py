"""The lecture's experiment: what becomes of a signal, and of a gradient, in an untrained network."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch

from goldilocks.engine.card import Card
from goldilocks.engine.cell import BATCHED, ActivationAxis, Cell, DatasetAxis, NormAxis, PreprocessingAxis
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import FLOAT_BYTES, Cost
from goldilocks.engine.data.gaussian import Gaussian
from goldilocks.engine.normalizations.none import NoNormalization
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.signal.program import SignalProgram, configurations
from goldilocks.engine.signal.rows import rows
from goldilocks.engine.studies.base import Outcome, Study, studies

# Tensors of a layer's size that live at once: inputs, pre, act, the norm's memory, and temporaries of statistics.
TAPE_TENSORS, WORKING_TENSORS = 3, 16
# float64 matrices that live at once while one is made orthogonal.
ORTHOGONAL_MATRICES = 5


class PropagationCell(Cell):
    """An untrained network whose signal and gradient are measured."""

    study = "propagation"

    dataset: DatasetAxis = Gaussian()
    preprocessing: PreprocessingAxis = Raw()
    activation: Annotated[ActivationAxis, BATCHED]
    norm: Annotated[NormAxis, BATCHED] = NoNormalization()


def _too_few_examples(cell: PropagationCell) -> str | None:
    limit = cell.dataset.train_size
    if limit and cell.batch_size > limit:
        return f"batch_size = {cell.batch_size}: {cell.dataset} has {limit} training examples"
    return None


PropagationCell.rules = (_too_few_examples, *Cell.rules)


@studies.register
class Propagation(Study[PropagationCell]):
    """Statistics of untrained networks."""

    name = "propagation"
    cell = PropagationCell
    typical_share = 0.4
    layer_calls = 860
    card = Card(
        "Signal propagation",
        "forward: h ← φ(norm(hW + b)) from the input; backward: from a unit Gaussian gradient on the last layer",
        "CS231n 2021, lecture 7; Glorot & Bengio 2010",
        notes="Normalizations run in training mode on the one batch.",
    )

    def group_key(self, cell: PropagationCell) -> tuple[Any, ...]:
        # Networks of several depths share a program where the shallower is a part of the deeper.
        shared = ("depth",) if cell.network.nested else ()
        return (self.name, cell.seed, *(value for key, value in cell.static_axes() if key not in shared))

    def cost(self, cells: Sequence[PropagationCell], device: torch.device) -> Cost:
        deepest, families = max(cells, key=lambda cell: cell.depth), {cell.init.family for cell in cells}
        shapes, forward = deepest.shapes, configurations(cells)
        weights, sizes = [shape.weights for shape in shapes], [deepest.features, *(shape.size for shape in shapes)]
        tensors = len(forward) * deepest.batch_size * (sum(sizes) * TAPE_TENSORS + max(sizes) * WORKING_TENSORS)
        needed = FLOAT_BYTES * (tensors + len(families) * sum(weights))
        if "orthogonal" in families:
            needed += 2 * FLOAT_BYTES * ORTHOGONAL_MATRICES * max(weights)
        passes = sum(shape.products for cell in (*forward, *cells) for shape in cell.shapes)
        return Cost(flops=2.0 * deepest.batch_size * passes, bytes=needed)

    def run(self, cells: Sequence[PropagationCell], device: torch.device, progress: Progress) -> Outcome:
        program = SignalProgram(configurations(cells), device)
        measured = program.measure(sorted({cell.depth for cell in cells}), progress)
        return Outcome([cell.cell_id for cell in cells], rows(cells, program, measured))

    def forward_only(self, cells: Sequence[PropagationCell], device: torch.device) -> dict[str, np.ndarray]:
        """Return the rms activation of every layer, from the forward half of the program, statistics included.

        Args:
            cells: cells with the same group key and depth.
            device: where.

        Returns:
            For each cell's id one number per layer.
        """
        program = SignalProgram(configurations(cells), device)
        layers = [program.signal(tape) for tape in program.forward()]
        rms = torch.stack([layer.columns["rms"] for layer in layers], 1).cpu().numpy()
        return {cell.cell_id: row for cell, row in zip(program.cells, rms, strict=True)}
