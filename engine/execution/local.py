"""Computing on this machine: in this process, one batch after the other, or in several where that is sooner."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from goldilocks.engine.cell import Cell
from goldilocks.engine.data import Dataset
from goldilocks.engine.data.download import Announce
from goldilocks.engine.device import Device
from goldilocks.engine.errors import RequestError, short
from goldilocks.engine.execution.batch_computation import compute_batch
from goldilocks.engine.execution.dispatch import dispatched
from goldilocks.engine.execution.job import Done, Job
from goldilocks.engine.execution.process_pool import ProcessPool
from goldilocks.engine.execution.provenance import Process
from goldilocks.engine.execution.worker import Placement, WorkerConfig
from goldilocks.engine.execution.workers import processes_pay
from goldilocks.engine.grid.plan import Batch, plan

AUTO = "auto"
# More processes than this on one machine are a slip of the keyboard.
MOST_WORKERS = 1024


@dataclass(frozen=True)
class _Share:
    """What one of several processes has of a device."""

    torch_device: torch.device
    free_memory: float


def planned(cells: Sequence[Cell], device: Device, wish: int | str = AUTO) -> tuple[list[Batch], int]:
    """Cut cells into batches that fit into the memory of the device, and say how many processes are to compute them.

    Args:
        cells: what is to be computed.
        device: where.
        wish: how many processes; `auto` takes as many as are sooner done.

    Returns:
        The batches, and the number of processes; 1 is this one.

    Raises:
        RequestError: no such number of processes, or a cell that does not fit.
    """
    alone = plan(cells, device)
    most = torch.get_num_threads() if device.torch_device.type == "cpu" else 1
    if wish != AUTO:
        most = checked(wish)
    count = min(most, len(cells))
    if count <= 1:
        return alone, 1
    shared = split(plan(cells, _Share(device.torch_device, device.free_memory / count)), count)
    if wish == AUTO and not processes_pay(alone, shared, count):
        return alone, 1
    # What takes long begins early, so that all end at about the same time.
    return sorted(shared, key=lambda batch: -batch.cost.flops / batch.study.typical_share), count


def split(batches: Sequence[Batch], count: int) -> list[Batch]:
    """Halve the batches with the most work until there are so many, or none has two cells.

    Args:
        batches: what is to be computed.
        count: how many are wanted at least.
    """
    pieces = list(batches)
    while len(pieces) < count:
        largest = max(pieces, key=lambda batch: batch.cost.flops if len(batch.cells) > 1 else -1.0)
        if len(largest.cells) == 1:
            break
        pieces.remove(largest)
        pieces += largest.halves()
    return pieces


def checked(wish: int | str) -> int:
    """Return how many processes are wished for, other than `auto`.

    Raises:
        RequestError: it is no such number.
    """
    text = str(wish)
    if text.isascii() and text.isdecimal() and 1 <= int(text[:5]) <= MOST_WORKERS:
        return int(text)
    raise RequestError(f"--workers {short(wish)}: allowed: auto, or a whole number from 1 to {MOST_WORKERS}")


class LocalExecutor:
    """An executor that is this machine.

    Args:
        device: where to compute.
        config: what other processes need to know of the run; None computes in this one alone.
        workers: how many processes; `auto` takes as many as are sooner done.

    Raises:
        RequestError: no such number of processes.
    """

    def __init__(self, device: Device, config: WorkerConfig | None = None, workers: int | str = AUTO):
        if workers != AUTO:
            checked(workers)
        self._device, self._config = device, config
        self._workers = workers if config else 1
        self._count = 1
        self._pool: ProcessPool | None = None
        self.spool: Path | None = None

    def __enter__(self) -> "LocalExecutor":
        return self

    def __exit__(self, kind, error, trace) -> None:
        if self._pool:
            self._pool.close()

    @property
    def running(self) -> int:
        """How many batches are with other processes."""
        return sum(len(member.jobs) for member in self._pool.ready) if self._pool else 0

    @property
    def process(self) -> Process:
        """This process, with the threads of those that compute."""
        here = Process.here(self._device)
        if self._count == 1:
            return here
        return replace(
            here, threads=self._threads, device_reason=f"{here.device_reason}; {self._count} processes on this machine"
        )

    @property
    def _threads(self) -> int:
        return max(1, torch.get_num_threads() // self._count)

    def prepare(self, datasets: Sequence[Dataset], announce: Announce) -> None:
        """Download what is missing; see `Executor`."""
        for dataset in datasets:
            dataset.fetch(announce)

    def plan(self, cells: Sequence[Cell]) -> list[Batch]:
        """Cut cells into batches that fit into the memory of the device, and decide how many processes compute them."""
        batches, self._count = planned(cells, self._device, self._workers)
        return batches

    def compute(self, jobs: deque[Job], advance: Callable[[Job, float], None]) -> Iterator[Done]:
        """Yield what became of each job; see `Executor`."""
        if self._count > 1 and self._config:
            device, reason = str(self._device.torch_device), self._device.reason
            placement = Placement("", "this machine", device, reason, self._threads, 1 / self._count)
            self._pool = ProcessPool(self._count, placement, self._config, advance)
            yield from dispatched(self._pool, jobs)
            return
        while jobs:
            job = jobs.popleft()
            result, seconds = compute_batch(job.batch, self._device, partial(advance, job))
            yield Done(job, result, seconds)
