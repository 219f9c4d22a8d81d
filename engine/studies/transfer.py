"""Transfer learning: a trained network meets another, smaller task, in four ways."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor

from goldilocks.engine.card import Card
from goldilocks.engine.cores import Progress, side_by_side
from goldilocks.engine.cost import FLOAT_BYTES, Cost
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.cost import training_cost
from goldilocks.engine.training.curve_log import CurveLog
from goldilocks.engine.training.curves import Curves, logged_steps
from goldilocks.engine.training.loop import train
from goldilocks.engine.transfer.accuracy import accuracy_quantities, add_accuracy, part_of
from goldilocks.engine.transfer.cell import TransferCell
from goldilocks.engine.transfer.schemes import LOWER_RATE, SCHEMES
from goldilocks.engine.transfer.source_networks import source_networks
from goldilocks.engine.transfer.trainer import TransferTrainer

# Share of a batch's time that its source networks take.
SHARE_OF_SOURCES = 0.3


@studies.register
class Transfer(Study[TransferCell]):
    """Accuracy on a target set by scheme and by number of images, and how far each layer moved."""

    name = "transfer"
    cell = TransferCell
    typical_share = 0.2
    card = Card(
        "Transfer learning",
        "scratch: all new · last_layer: all frozen but a new read-out · dense_layers: convolutions frozen, rest new · "
        f"fine_tune: a new read-out, the other layers at {LOWER_RATE:g} times the rate",
        "CS231n 2021, lecture 7; Yosinski et al. 2014",
        notes="Target sets of one seed contain each other. Frozen layers are in evaluation mode. What a preprocessing "
        "measures is taken from the source. The presets' settings were chosen on seeds 0 to 4; the presets measure on "
        "other seeds.",
    )
    parts = SCHEMES
    quantities = (
        *accuracy_quantities("transfer"),
        Quantity(
            "transfer_loss",
            "Training loss on the target",
            "Cross-entropy, mean over the minibatches since the previous entry; at 0 of the first minibatch.",
            "nat",
            "lower",
            "Updates",
        ),
        Quantity(
            "layer_shift",
            "Distance moved / source norm",
            "‖W − W_source‖ / ‖W_source‖ of a hidden layer after the last update.",
            position="Layer",
            decides=False,
        ),
    )

    def group_key(self, cell: TransferCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[TransferCell], device: torch.device) -> Cost:
        like_training = training_cost([cell.source_cell for cell in cells], device)
        return Cost(len(cells) * _flops(cells[0]), like_training.bytes + FLOAT_BYTES * _feature_entries(cells))

    def run(self, cells: Sequence[TransferCell], device: torch.device, progress: Progress) -> Outcome:
        trained = [cell.source_cell for cell in cells]
        sources = source_networks(trained, device, lambda share: progress(SHARE_OF_SOURCES * share))
        places = torch.arange(len(cells), device=device).split([len(part) for part in chunks(trained, device)])

        def adapt(chunk: Tensor, progress: Progress) -> tuple[pa.Table, list[int | None]]:
            members = [cells[place] for place in chunk.tolist()]
            return adapted(TransferTrainer(members, sources.select(chunk), device), progress)

        rest = lambda share: progress(SHARE_OF_SOURCES + (1 - SHARE_OF_SOURCES) * share)
        results = side_by_side(adapt, places, rest)
        table = pa.concat_tables([table for table, _ in results])
        updates = [made for _, chunk in results for made in chunk]
        return Outcome([cell.cell_id for cell in cells], {"measurements": table}, updates)


def adapted(trainer: TransferTrainer, progress: Progress) -> tuple[pa.Table, list[int | None]]:
    """Adapt one chunk of cells and return what was measured, and where each diverged.

    Args:
        trainer: the networks before their first update.
        progress: called with the share that is done, from 0 to 1.

    Returns:
        Rows of the store's table `measurements`, and for each cell the number of updates made before the first loss
        that was not finite, or None.
    """
    log = CurveLog(trainer)
    train(trainer, log, progress)
    return _measurements(trainer.cells, log.curves, trainer.shifts()), log.divergence.updates()


def _measurements(cells: Sequence[TransferCell], curves: Curves, shifts: Tensor) -> pa.Table:
    rows = Measurements()
    accuracies, losses, moves = (
        values.T.tolist() for values in (curves.values["test_accuracy"], curves.values["train_loss"], shifts)
    )
    for cell, accuracy, loss, moved in zip(cells, accuracies, losses, moves, strict=True):
        add_accuracy(rows, "transfer", cell, curves.logged, accuracy)
        for step, value in zip(curves.logged, loss, strict=True):
            rows.add(cell.cell_id, "transfer_loss", value, step, part_of(cell))
        for layer, shift in enumerate(moved, 1):
            rows.add(cell.cell_id, "layer_shift", shift, layer, part_of(cell))
    return rows.table()


def _flops(cell: TransferCell) -> float:
    """Return the operations of one cell; its share in the pass through the frozen layers is counted whole."""
    frozen = cell.layers.frozen
    products = [shape.products for shape in cell.shapes] + [cell.readout.products]
    evaluated = cell.dataset.test_size * len(logged_steps(cell.steps))
    above = 3 * cell.batch_size * cell.steps + evaluated
    return 2.0 * (
        sum(products[frozen:]) * above + sum(products[:frozen]) * (cell.dataset.train_size + cell.dataset.test_size)
    )


def _feature_entries(cells: Sequence[TransferCell]) -> float:
    """Return the numbers that leave the frozen layers, for every source network and configuration."""
    first, frozen = cells[0], cells[0].layers.frozen
    if not frozen:
        return 0.0
    size = first.shapes[frozen - 1].size
    per_source = first.dataset.train_size + first.dataset.test_size
    return size * (per_source * len({cell.seed for cell in cells}) + first.dataset.test_size * len(cells))
