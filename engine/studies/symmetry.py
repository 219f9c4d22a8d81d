"""Whether the units of a layer are different: if all begin alike, gradient descent cannot tell them apart."""

from collections.abc import Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from goldilocks.engine.card import Card
from goldilocks.engine.cell import BATCHED, OptimizerAxis, PreprocessingAxis, Rate, Steps
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import DOUBLE_BYTES, FLOAT_BYTES, Cost
from goldilocks.engine.measurements import BatchMeasurements
from goldilocks.engine.optimizers.sgd import Sgd
from goldilocks.engine.preprocessings.standardize import Standardize
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.statistics import norm
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.cost import training_cost
from goldilocks.engine.training.instrumented import measured, watched
from goldilocks.engine.training.trainer import Trainer

# Two vectors are alike when their distance is at most this share of the length of the longest one in their layer.
ALIKE = 1e-4
BEFORE, AFTER = "before", "after"
ON_BATCH = "on the first minibatch; part is before or after training"


class SymmetryCell(TrainingCell):
    """A network whose units are counted before and after it is trained."""

    study = "symmetry"

    preprocessing: PreprocessingAxis = Standardize()
    optimizer: OptimizerAxis = Sgd()
    lr: Annotated[Rate, BATCHED] = 0.1
    steps: Steps = 100


@studies.register
class Symmetry(Study[SymmetryCell]):
    """Distinct units and gradients before and after training."""

    name = "symmetry"
    cell = SymmetryCell
    typical_share = 0.3
    card = Card(
        "Symmetry",
        "units of a layer are alike when they give the same outputs on a minibatch",
        "CS231n 2021, lecture 7; Goodfellow, Bengio & Courville 2016, section 8.4",
        notes="Vectors closer than a ten-thousandth of the longest one of their layer count as one.",
    )
    parts = {
        BEFORE: Card("Before training", rank=10, colour="grey"),
        AFTER: Card("After training", rank=20, colour="blue"),
    }
    quantities = (
        Quantity(
            "distinct_units",
            "Distinct units",
            f"number of different outputs among the units of a layer, {ON_BATCH}",
            better="higher",
            position="Layer",
        ),
        Quantity(
            "distinct_gradients",
            "Distinct gradients",
            f"number of different gradients among the units of a layer, of their incoming weights, {ON_BATCH}",
            better="higher",
            position="Layer",
        ),
        Quantity(
            "layer_gradient_norm",
            "Norm of the weights' gradient",
            f"Euclidean norm of the gradient of the weights of a layer, {ON_BATCH}",
            position="Layer",
        ),
        Quantity(
            "weight_change",
            "Norm of the weights' change",
            "Euclidean norm of the difference between the weights of a layer after and before training",
            position="Layer",
        ),
        Quantity(
            "share_correct",
            "Test accuracy",
            "share of correct predictions on the test split; part is before or after training",
            better="higher",
        ),
    )

    def group_key(self, cell: SymmetryCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[SymmetryCell], device: torch.device) -> Cost:
        training, parts = training_cost(cells, device), chunks(cells, device)
        at_once = len(parts[0]) * min(len(parts), torch.get_num_threads())
        shapes = cells[0].shapes
        # The weights before training, and two layers of gradients and of distances between units while it counts.
        counting = max(shape.weights + shape.units**2 for shape in shapes)
        extra = FLOAT_BYTES * sum(shape.weights for shape in shapes) + 2 * DOUBLE_BYTES * counting
        return Cost(training.flops, training.bytes + at_once * extra)

    def run(self, cells: Sequence[SymmetryCell], device: torch.device, progress: Progress) -> Outcome:
        ids = [cell.cell_id for cell in cells]
        # What diverges on the way has no finite measurement afterwards; when is not asked.
        table, _ = measured(cells, ids, device, progress, _watch)
        return Outcome(ids, {"measurements": table})


def _watch(trainer: Trainer, rows: BatchMeasurements, progress: Progress) -> list[int | None]:
    start = [layer.affine.weight.clone() for layer in trainer.model.hidden]
    _measure(trainer, BEFORE, rows)
    updates = watched(trainer, progress)
    _measure(trainer, AFTER, rows)
    for number, (layer, before) in enumerate(zip(trainer.model.hidden, start, strict=True), 1):
        rows.add("weight_change", norm(layer.affine.weight - before), number)
    return updates


def _measure(trainer: Trainer, part: str, rows: BatchMeasurements) -> None:
    """Take in what the units of every layer give and get on the first minibatch."""
    hidden = trainer.model.hidden
    inputs, _ = trainer.minibatch(0)
    for number, tape in enumerate(trainer.network.forward(hidden, inputs), 1):
        rows.add("distinct_units", count_distinct(tape.act), number, part)
    layer_of = {id(layer.affine.weight): number for number, layer in enumerate(hidden, 1)}
    _, gradients = trainer.gradients(0)
    for tensor, gradient in zip(reversed(list(trainer.model.tensors())), gradients, strict=True):
        if (layer := layer_of.get(id(tensor))) is not None:
            rows.add("distinct_gradients", count_distinct(gradient), layer, part)
            rows.add("layer_gradient_norm", norm(gradient), layer, part)
    rows.add("share_correct", trainer.evaluate().correct, None, part)


def count_distinct(columns: Tensor) -> Tensor:
    """Count the columns that differ from every column before them.

    Args:
        columns: one vector per unit `[config, entry, unit]`.

    Returns:
        `[config]`; 1 where all are alike, NaN where one is not finite.
    """
    columns = columns.double()
    longest = columns.norm(dim=1).amax(1)
    distance = torch.cdist(columns.mT, columns.mT, compute_mode="donot_use_mm_for_euclid_dist")
    alike = distance <= ALIKE * longest[:, None, None]
    repeats = alike.tril(-1).any(2).sum(1)
    return torch.where(longest.isfinite(), columns.shape[2] - repeats.double(), torch.nan)
