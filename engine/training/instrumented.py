"""Watching classifiers while they train: what is noted stays on the device and is copied once, as measurements."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from goldilocks.engine.cores import Progress, side_by_side
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.curves import logged_steps
from goldilocks.engine.training.divergence import Divergence
from goldilocks.engine.training.learner import Learner
from goldilocks.engine.training.log import Log
from goldilocks.engine.training.loop import train
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


class InstrumentedLog(Log):
    """Training that is looked at, before the first update and after every logged one.

    Args:
        learner: what is trained.
        look: called with the number of updates made.
    """

    def __init__(self, learner: Learner, look: Callable[[int], None] = lambda made: None):
        self._learner, self._look = learner, look
        self.logged = set(logged_steps(learner.steps))
        self.divergence = Divergence(learner.configs, learner.device)

    def before(self) -> None:
        self._look(0)

    def first(self) -> None:
        self.within(torch.zeros((), dtype=torch.long, device=self._learner.device))

    def within(self, made: int | Tensor) -> None:
        self.divergence.note(made, self._learner.step(made).value)

    def at_end(self, made: int | Tensor) -> None:
        self.within(made)

    def after(self, made: int) -> None:
        self._look(made)

    def retire(self) -> Tensor:
        return self.divergence.retire()


def watched(learner: Learner, progress: Progress, look: Callable[[int], None] = lambda made: None) -> list[int | None]:
    """Make every update of a learner, and look before the first and after every logged one.

    Args:
        learner: what is trained.
        progress: called with the share that is done, from 0 to 1.
        look: called with the number of updates made.

    Returns:
        For each network, the number of updates made before the first loss that was not finite, or None.
    """
    log = InstrumentedLog(learner, look)
    train(learner, log, progress)
    return log.divergence.updates()


def measured(
    trained: Sequence[TrainingCell],
    cell_ids: Sequence[str],
    device: torch.device,
    progress: Progress,
    watch: Callable[[Trainer, Notes, Progress], list[int | None]],
) -> tuple[pa.Table, list[int | None]]:
    """Train a batch of cells, chunks of it side by side, and return what was noted.

    Args:
        trained: the training of each cell; all with the same group key.
        cell_ids: id of each cell.
        device: where.
        progress: called with the share that is done, from 0 to 1.
        watch: trains one chunk, notes what it sees, and returns what `watched` returned.

    Returns:
        Rows of the store's table `measurements`, and for each cell the number of updates made before the first loss
        that was not finite, or None.
    """

    def work(chunk: Sequence[TrainingCell], progress: Progress) -> tuple[Notes, list[int | None]]:
        notes = Notes()
        return notes, watch(Trainer(chunk, device), notes, progress)

    results = side_by_side(work, chunks(trained, device), progress)
    ids = iter(cell_ids)
    tables = [notes.table(list(islice(ids, len(updates)))) for notes, updates in results]
    return pa.concat_tables(tables), [made for _, updates in results for made in updates]
