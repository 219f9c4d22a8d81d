"""Watching classifiers while they train, and measuring them on the way."""

from collections.abc import Callable, Sequence
from itertools import islice

import pyarrow as pa
import torch
from torch import Tensor

from goldilocks.engine.cores import Progress, side_by_side
from goldilocks.engine.measurements import BatchMeasurements
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import chunks
from goldilocks.engine.training.curves import logged_steps
from goldilocks.engine.training.divergence import Divergence
from goldilocks.engine.training.learner import Learner
from goldilocks.engine.training.log import Log
from goldilocks.engine.training.loop import train
from goldilocks.engine.training.trainer import Trainer


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
    watch: Callable[[Trainer, BatchMeasurements, Progress], list[int | None]],
) -> tuple[pa.Table, list[int | None]]:
    """Train a batch of cells, chunks of it side by side, and return what was measured.

    Args:
        trained: the training of each cell; all with the same group key.
        cell_ids: id of each cell.
        device: where.
        progress: called with the share that is done, from 0 to 1.
        watch: trains one chunk, measures it, and returns what `watched` returned.

    Returns:
        Rows of the store's table `measurements`, and for each cell the number of updates made before the first loss
        that was not finite, or None.
    """

    ids = iter(cell_ids)
    parts = [(part, list(islice(ids, len(part)))) for part in chunks(trained, device)]

    def work(part: tuple[Sequence[TrainingCell], list[str]], progress: Progress) -> tuple[pa.Table, list[int | None]]:
        chunk, chunk_ids = part
        rows = BatchMeasurements(chunk_ids)
        updates = watch(Trainer(chunk, device), rows, progress)
        return rows.table(), updates

    results = side_by_side(work, parts, progress)
    return pa.concat_tables([table for table, _ in results]), [made for _, updates in results for made in updates]
