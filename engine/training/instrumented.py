"""Watching classifiers while they train: what is noted stays on the device and is copied once, as measurements."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from goldilocks.engine.cores import Progress, side_by_side
from goldilocks.engine.loss import Loss
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.curves import logged_steps
from goldilocks.engine.training.trainer import Trainer


class Notes:
    """Numbers of a batch of configurations, one per configuration and entry."""

    def __init__(self) -> None:
        self._labels: list[tuple[str, str, float | None]] = []
        self._values: list[Tensor] = []

    def add(self, quantity: str, values: Tensor, position: float | None = None, part: str = "") -> None:
        """Take in one number per configuration.

        Args:
            quantity: name of one of the study's quantities.
            values: the numbers `[config]`.
            position: what the quantity is a function of, where it is one.
            part: which part of the cell it was measured on, where there are several.
        """
        self._labels.append((quantity, part, position))
        self._values.append(values.detach().float())

    def table(self, cell_ids: Sequence[str]) -> pa.Table:
        """Return the rows of the store's table `measurements`, entry after entry.

        Args:
            cell_ids: id of each configuration.
        """
        quantity, part, position = zip(*self._labels, strict=True)

        def each(column: Sequence[Any], kind: pa.DataType) -> pa.Array:
            return pa.array([entry for entry in column for _ in cell_ids], kind)

        return pa.table(
            {
                "cell_id": pa.array([*cell_ids] * len(quantity)),
                "quantity": each(quantity, pa.string()),
                "part": each(part, pa.string()),
                "position": each(position, pa.float64()),
                "value": torch.stack(self._values).cpu().numpy().astype(np.float64).ravel(),
            }
        )


def train(trainer: Trainer, progress: Progress, look: Callable[[int], None] = lambda step: None) -> Tensor:
    """Make every step of a trainer, and look before the first and after every logged one.

    Args:
        trainer: what trains.
        progress: told how far it is.
        look: called with the number of updates made.

    Returns:
        The number of updates made before the first non-finite loss of each configuration `[config]`, or -1.
    """
    steps = trainer.first.steps
    logged = set(logged_steps(steps))
    diverged_at = torch.full((len(trainer.cells),), -1, device=trainer.device)

    def note(made: Tensor, loss: Loss) -> None:
        diverged_at.copy_(torch.where(~loss.value.isfinite() & (diverged_at < 0), made, diverged_at))

    update = trainer.replay(note)
    look(0)
    for step in range(steps):
        update(step)
        if step + 1 in logged:
            look(step + 1)
            progress((step + 1) / steps)
    return diverged_at


def measured(
    trained: Sequence[TrainingCell],
    cell_ids: Sequence[str],
    device: torch.device,
    progress: Progress,
    watch: Callable[[Trainer, Notes, Progress], Tensor],
) -> tuple[pa.Table, list[int | None]]:
    """Train a batch of cells, chunks of it side by side, and return what was noted.

    Args:
        trained: the training of each cell; all with the same group key.
        cell_ids: id of each cell.
        device: where.
        progress: told how far the batch is.
        watch: trains one chunk, notes what it sees, and returns what `train` returned.

    Returns:
        Rows of the store's table `measurements`, and for each cell the number of updates made before the first loss
        that was not finite, or None.
    """

    def work(chunk: Sequence[TrainingCell], progress: Progress) -> tuple[Notes, list[int]]:
        notes = Notes()
        return notes, watch(Trainer(chunk, device), notes, progress).tolist()

    found = side_by_side(work, chunks(trained, device), progress)
    ids = iter(cell_ids)
    tables = [notes.table(list(islice(ids, len(diverged_at)))) for notes, diverged_at in found]
    steps = [step if step >= 0 else None for _, diverged_at in found for step in diverged_at]
    return pa.concat_tables(tables), steps
