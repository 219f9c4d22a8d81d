"""Where batches are computed: in this process, or by the workers of a cluster.

A run hands its executor a queue of jobs and takes back what became of each. What is done with a result (journal,
counts, halving what does not fit into memory) is the run's business and the same everywhere.
"""

import gc
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import torch

from goldilocks.engine.cell import Cell
from goldilocks.engine.cores import Progress, computing
from goldilocks.engine.data import Dataset
from goldilocks.engine.data.download import Announce
from goldilocks.engine.device import Device
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.provenance import Process
from goldilocks.engine.grid.plan import Batch
from goldilocks.engine.studies.base import Outcome


class ClusterLost(Exception):
    """Nobody is left who could compute; the message says what is known."""


@dataclass(frozen=True)
class Job:
    """A batch and its number within the run."""

    number: int
    batch: Batch


# What the libraries of a GPU call themselves in their errors, which are RuntimeErrors like any other.
GPU_LIBRARIES = ("CUDA", "CUBLAS", "cuBLAS", "CUDNN", "cuDNN", "CUSOLVER", "cusolver", "NCCL")


@dataclass(frozen=True)
class Failure:
    """Why a batch has no results.

    Attributes:
        reason: what went wrong.
        out_of_memory: whether fewer cells at once might have results.
        of_machine: whether the same batch might have results at another time or place; otherwise the computation
            itself failed, and would again, since it depends on its cells alone.
    """

    reason: str
    out_of_memory: bool = False
    of_machine: bool = False

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Describe an exception."""
        lacking = isinstance(error, MemoryError | torch.OutOfMemoryError) or "not enough memory" in str(error)
        return cls("".join(traceback.format_exception_only(error)).strip(), lacking, _is_of_machine(error))


def _is_of_machine(error: BaseException) -> bool:
    # A file, a connection, or data that this machine lacks.
    if isinstance(error, OSError | RequestError):
        return True
    return isinstance(error, RuntimeError) and any(name in str(error) for name in GPU_LIBRARIES)


@dataclass(frozen=True)
class SpooledResult:
    """A worker has written the results down itself: the folder of the entry, and how many cells diverged."""

    entry: Path
    diverged: int


@dataclass(frozen=True)
class Worker:
    """Another process that computes for a run: its name within the run, the node it is on, and its provenance."""

    name: str
    node: str
    process: Process

    def row(self, run_id: str) -> dict[str, Any]:
        """Return its row of the store's table `workers`."""
        return {"run_id": run_id, "worker": self.name, "node": self.node, **asdict(self.process)}


@dataclass(frozen=True)
class Done:
    """What became of a job.

    Attributes:
        job: the job.
        result: its results, or why there are none.
        seconds: how long it took.
        worker: who did it; None for this process.
    """

    job: Job
    result: Outcome | SpooledResult | Failure
    seconds: float
    worker: Worker | None = None


class Executor(Protocol):
    """Computes batches; a context manager around its use."""

    def __enter__(self) -> "Executor": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def process(self) -> Process:
        """What the record of the run says about where it computes."""
        ...

    @property
    def spool(self) -> Path | None:
        """The shared folder in which workers file entries of the journal themselves, if they do."""
        ...

    @property
    def running(self) -> int:
        """How many jobs are being computed, or have been handed to somebody who will."""
        ...

    def prepare(self, datasets: Sequence[Dataset], announce: Announce) -> None:
        """Make sure that the data are where they are needed.

        Raises:
            RequestError: they are not, and cannot be got.
        """
        ...

    def plan(self, cells: Sequence[Cell]) -> list[Batch]:
        """Cut cells into batches that fit wherever they may be computed; see `engine.grid.plan`."""
        ...

    def compute(self, jobs: deque[Job], advance: Callable[[Job, float], None]) -> Iterator[Done]:
        """Yield what became of each job, as they end.

        Args:
            jobs: taken from the left; whoever iterates may put in more.
            advance: called with the share of a job that is done, where that is known.

        Raises:
            ClusterLost: nobody is left who could compute.
        """
        ...


def compute_batch(batch: Batch, device: Device, progress: Progress) -> tuple[Outcome | Failure, float]:
    """Compute a batch in this process.

    Args:
        batch: what.
        device: where.
        progress: called with the share that is done, from 0 to 1.

    Returns:
        The results or why there are none, and the seconds it took.
    """
    with computing:
        return _computed(batch, device, progress)


def _computed(batch: Batch, device: Device, progress: Progress) -> tuple[Outcome | Failure, float]:
    start = time.monotonic()
    result: Outcome | Failure
    try:
        result = batch.study.run(batch.cells, device.torch_device, progress)
        device.synchronize()
    except (Exception, SystemExit) as error:
        # A member of the user's own may raise anything; an interrupt is none of its doing.
        result = Failure.of(error)
    if isinstance(result, Failure) and result.out_of_memory:
        # The tensors of the failed attempt are garbage only now that its exception is gone.
        gc.collect()
        if device.torch_device.type == "cuda":
            torch.cuda.empty_cache()
    return result, time.monotonic() - start
