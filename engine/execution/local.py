"""Computing in this process, one batch after the other."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from goldilocks.engine.cell import Cell
from goldilocks.engine.data import Dataset
from goldilocks.engine.data.download import Announce
from goldilocks.engine.device import Device
from goldilocks.engine.execution.executor import Done, Job, compute_batch
from goldilocks.engine.execution.provenance import Process
from goldilocks.engine.grid.plan import Batch, plan


class LocalExecutor:
    """An executor that is this process.

    Args:
        device: where to compute.
    """

    def __init__(self, device: Device):
        self._device = device
        self.process = Process.here(device)
        self.running = 0
        self.spool: Path | None = None

    def __enter__(self) -> "LocalExecutor":
        return self

    def __exit__(self, kind, error, trace) -> None:
        return None

    def prepare(self, datasets: Sequence[Dataset], announce: Announce) -> None:
        """Download what is missing; see `Executor`."""
        for dataset in datasets:
            dataset.fetch(announce)

    def plan(self, cells: Sequence[Cell]) -> list[Batch]:
        """Cut cells into batches that fit into the memory of the device."""
        return plan(cells, self._device)

    def compute(self, jobs: deque[Job], advance: Callable[[Job, float], None]) -> Iterator[Done]:
        """Yield what became of each job; see `Executor`."""
        while jobs:
            job = jobs.popleft()
            result, seconds = compute_batch(job.batch, self._device, partial(advance, job))
            yield Done(job, result, seconds)
