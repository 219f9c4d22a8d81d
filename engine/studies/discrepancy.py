"""Training against testing: how far apart they are with and without batch norm, and what the wrong mode costs.

Cells of different batch size see the same examples equally often and move equally far per example (the linear scaling
rule), so that the noise of the gradient is the same and what differs is the noise of the batch's statistics.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from goldilocks.engine import randomness
from goldilocks.engine.card import Card
from goldilocks.engine.cell import BATCHED, Cell, OptimizerAxis, PreprocessingAxis, Rate
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import Cost
from goldilocks.engine.measurements import BatchMeasurements
from goldilocks.engine.optimizers.sgd import Sgd
from goldilocks.engine.preprocessings.standardize import Standardize
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.cost import training_cost
from goldilocks.engine.training.evaluation import Evaluation, distances
from goldilocks.engine.training.instrumented import measured, watched
from goldilocks.engine.training.trainer import Trainer

# Minibatches whose statistics are compared with the running ones.
COMPARED_BATCHES = 8

RUNNING, BATCH_STATISTICS = "running statistics", "batch statistics"
SORTED, SPOILT = "batch statistics, sorted", "running statistics, spoilt"


class DiscrepancyCell(Cell):
    """A network trained for a number of epochs and then evaluated in both modes."""

    study = "discrepancy"

    preprocessing: PreprocessingAxis = Standardize()
    optimizer: OptimizerAxis = Sgd()
    lr_per_example: Annotated[Rate, BATCHED]
    epochs: Annotated[int, Field(strict=True, ge=1, le=10_000)]

    @property
    def lr(self) -> float:
        """Learning rate: proportional to the batch size."""
        return self.lr_per_example * self.batch_size

    @property
    def steps(self) -> int:
        """Number of updates: every training example is seen `epochs` times."""
        return max(1, self.epochs * self.dataset.train_size // self.batch_size)

    @property
    def trained(self) -> TrainingCell:
        """The training that the evaluation follows."""
        fields = {key: value for key, value in self.fields() if key in TrainingCell.model_fields}
        return TrainingCell.model_construct(**fields, lr=self.lr, steps=self.steps)


def _lacks_running_statistics(cell: DiscrepancyCell) -> str | None:
    if not (cell.norm.tracks or cell.norm.absent):
        return f"norm = {cell.norm}: it has no running statistics. Allowed: batch, none"
    return cell.trained.refusal()


DiscrepancyCell.rules = (_lacks_running_statistics,)


@studies.register
class Discrepancy(Study[DiscrepancyCell]):
    """Train–test gap, and evaluation with running and with batch statistics."""

    name = "discrepancy"
    cell = DiscrepancyCell
    # Small batches are bound by the number of kernels.
    typical_share = 0.05
    card = Card(
        "Train–test discrepancy",
        "accuracy(train) − accuracy(test); test accuracy with running statistics, with batch statistics, and mixed up",
        "Ioffe & Szegedy 2015; Goyal et al. 2017; CS231n 2021, lecture 7",
        notes="Batches at test time are as large as in training. Sorted: examples come class by class, as from a data "
        "loader without shuffling. Spoilt: sorted batches have passed in training mode before the evaluation. The "
        "presets' settings were chosen on seeds 0 to 4; the presets measure on other seeds.",
    )
    parts = {
        RUNNING: Card("Running statistics: the right mode", rank=50, colour="blue"),
        BATCH_STATISTICS: Card("Batch statistics: the wrong mode", rank=60, colour="orange"),
        SORTED: Card("Batch statistics of batches sorted by class", colour="pink"),
        SPOILT: Card("Running statistics after sorted batches", colour="green"),
    }
    quantities = (
        Quantity(
            "accuracy_on_train",
            "Training accuracy",
            "Share of correct predictions on the whole training split, in evaluation mode, after training.",
            better="higher",
        ),
        Quantity(
            "accuracy_gap",
            "Train–test gap of accuracy",
            "Training minus test accuracy, both in evaluation mode, after training.",
            better="lower",
        ),
        Quantity(
            "loss_gap",
            "Train–test gap of the loss",
            "Test minus training loss, both in evaluation mode, after training.",
            "nat",
            "lower",
        ),
        Quantity(
            "mode_accuracy",
            "Test accuracy by mode",
            "Share of correct predictions on the test split. Running statistics: the right mode. Batch statistics: the "
            "wrong one, in batches as large as in training, mixed or sorted by class. Spoilt: the right mode after "
            "sorted batches have gone through the network in the wrong one.",
            better="higher",
        ),
        Quantity(
            "mean_distance",
            "Distance of batch means",
            "|E_batch − E_running| / σ_running, root mean square over the units of a layer and over training batches.",
            better="lower",
            decides=False,
        ),
        Quantity(
            "std_distance",
            "Distance of batch standard deviations",
            "|σ_batch − σ_running| / σ_running, root mean square over the units of a layer and over training batches.",
            better="lower",
            decides=False,
        ),
    )

    def group_key(self, cell: DiscrepancyCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[DiscrepancyCell], device: torch.device) -> Cost:
        return training_cost([cell.trained for cell in cells], device)

    def run(self, cells: Sequence[DiscrepancyCell], device: torch.device, progress: Progress) -> Outcome:
        ids = [cell.cell_id for cell in cells]
        table, steps = measured([cell.trained for cell in cells], ids, device, progress, _watch)
        return Outcome(ids, {"measurements": table}, steps)


def _watch(trainer: Trainer, rows: BatchMeasurements, progress: Progress) -> list[int | None]:
    updates = watched(trainer, progress)
    evaluation = Evaluation(trainer.network, trainer.model)
    order = torch.from_numpy(randomness.permutations(("test order",), len(trainer.test_y), len(trainer.test_y)))
    x, y = trainer.test_x[order], trainer.test_y[order]
    on_test, on_train = evaluation.with_running(x, y), evaluation.with_running(trainer.train_x, trainer.train_y)
    rows.add("accuracy_on_train", on_train.correct)
    rows.add("accuracy_gap", on_train.correct - on_test.correct)
    rows.add("loss_gap", on_test.value - on_train.value)
    rows.add("mode_accuracy", on_test.correct, part=RUNNING)
    if trainer.first.norm.tracks:
        _mix_up(evaluation, x, y, trainer.first.batch_size, rows)
        _compare(trainer, evaluation, rows)
    return updates


def _mix_up(evaluation: Evaluation, x: Tensor, y: Tensor, size: int, rows: BatchMeasurements) -> None:
    """Note the test accuracy in the wrong mode, and in the right mode after the wrong one."""
    by_class = y.argsort(stable=True)
    rows.add("mode_accuracy", evaluation.with_batch(x, y, size).correct, part=BATCH_STATISTICS)
    rows.add("mode_accuracy", evaluation.with_batch(x[by_class], y[by_class], size).correct, part=SORTED)
    rows.add("mode_accuracy", evaluation.after(x[by_class], size).with_running(x, y).correct, part=SPOILT)


def _compare(trainer: Trainer, evaluation: Evaluation, rows: BatchMeasurements) -> None:
    """Note the distance of the statistics of training batches from the running ones, layer by layer."""
    running = [layer.running for layer in trainer.model.hidden if layer.running is not None]
    steps = range(min(COMPARED_BATCHES, trainer.first.steps))
    statistics = [evaluation.batch_statistics(trainer.minibatch(step)[0]) for step in steps]
    for number, (kept, *batches) in enumerate(zip(running, *statistics, strict=True), 1):
        pairs = [distances(kept, batch) for batch in batches]
        for name, values in zip(("mean_distance", "std_distance"), zip(*pairs, strict=True), strict=True):
            rows.add(name, torch.stack(values).square().mean(0).sqrt(), part=f"layer {number}")
