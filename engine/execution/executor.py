"""Where batches are computed: in this process, or by the workers of a cluster.

A run hands its executor a queue of jobs and takes back what became of each. What is done with a result (journal,
counts, halving what does not fit into memory) is the run's business and the same everywhere.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from goldilocks.engine.cell import Cell
from goldilocks.engine.data import Dataset
from goldilocks.engine.data.download import Announce
from goldilocks.engine.execution.job import Done, Job
from goldilocks.engine.execution.provenance import Process
from goldilocks.engine.grid.plan import Batch


class ClusterLost(Exception):
    """Nobody is left who could compute; the message says what is known."""


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
