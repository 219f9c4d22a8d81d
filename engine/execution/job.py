"""What is handed out to be computed, and what comes back: results, or why there are none."""

import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.provenance import Process
from goldilocks.engine.grid.plan import Batch
from goldilocks.engine.studies.base import Outcome


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
