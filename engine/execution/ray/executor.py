"""An executor that is a Ray cluster: its workers are started, given batches, and ended.

This process alone writes to the store.
"""

import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace

import ray
import torch

from goldilocks.engine.cell import Cell
from goldilocks.engine.cores import kernel_threads
from goldilocks.engine.data import Dataset
from goldilocks.engine.data.download import Announce
from goldilocks.engine.device import choose_device
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.cluster import Cluster
from goldilocks.engine.execution.dispatch import LOOK_SECONDS, dispatched
from goldilocks.engine.execution.job import Done, Job
from goldilocks.engine.execution.provenance import Process
from goldilocks.engine.execution.ray.connection import RayConnection
from goldilocks.engine.execution.ray.worker_pool import WorkerPool
from goldilocks.engine.execution.worker import WorkerConfig
from goldilocks.engine.grid.plan import Batch, plan

# How long to wait for the first worker, and for others once there is one.
START_SECONDS, GRACE_SECONDS = 120.0, 15.0


@dataclass(frozen=True)
class Smallest:
    """What every worker of a cluster has at least."""

    torch_device: torch.device
    free_memory: float


class RayExecutor:
    """An executor that is a cluster.

    Args:
        cluster: which one, and what each worker takes.
        config: what the workers need to know of the run.
        say: shows a sentence to the user.

    Raises:
        RequestError: there is no such cluster.
    """

    def __init__(self, cluster: Cluster, config: WorkerConfig, say: Callable[[str], None]):
        self.spool = config.spool
        self._cluster, self._say = cluster, say
        self._connection = RayConnection(cluster.address)
        self._pool = WorkerPool(cluster, config, say)
        # When a node is lost, Ray prints the end of its log on stdout, where results belong.
        self._aside = redirect_stdout(sys.stderr)

    def __enter__(self) -> "RayExecutor":
        self._aside.__enter__()
        return self

    def __exit__(self, kind, error, trace) -> None:
        self._pool.dismiss()
        self._connection.close()
        self._aside.__exit__(kind, error, trace)

    @property
    def running(self) -> int:
        """How many batches are at a worker."""
        return sum(len(member.jobs) for member in self._pool.ready)

    @property
    def process(self) -> Process:
        """This process, with the devices of the workers."""
        here, workers = Process.here(choose_device("cpu")), [member.worker for member in self._pool.ready]
        if not workers:
            return replace(here, device_reason="nothing to compute")
        names = Counter(worker.process.device_name for worker in workers)
        nodes = len({worker.node for worker in workers})
        return replace(
            here,
            device=", ".join(sorted({worker.process.device for worker in workers})),
            device_name=", ".join(f"{count} × {name}" for name, count in names.items()),
            device_reason=f"Ray at {self._connection.address}: {len(workers)} workers on {nodes} nodes at the start",
            dtype=", ".join(sorted({worker.process.dtype for worker in workers})),
            threads=self._cluster.worker_cpus,
        )

    def plan(self, cells: Sequence[Cell]) -> list[Batch]:
        """Start the workers; cut cells into batches that fit into the smallest, those that take longest first."""
        if not cells:
            return []
        self._start()
        infos = [member.info for member in self._pool.ready]
        kinds = {one.torch_device.type: one.torch_device for one in infos}
        smallest = Smallest(kinds.get("cpu") or kinds["cuda"], min(one.free_memory for one in infos))
        with kernel_threads(self._cluster.worker_cpus):
            batches = plan(cells, smallest)
        return sorted(batches, key=lambda batch: -batch.cost.flops / batch.study.typical_share)

    def prepare(self, datasets: Sequence[Dataset], announce: Announce) -> None:
        """Let one worker of each node download what is missing there."""
        first = {member.node: member for member in reversed(self._pool.ready)}
        fetching = {node: member.actor.fetch.remote(datasets) for node, member in first.items() if datasets}
        for node, ref in fetching.items():
            try:
                ray.get(ref)
            except ray.exceptions.RayError as error:
                raise RequestError(f"node {node}: {getattr(error, 'cause', error)}") from None

    def compute(self, jobs: deque[Job], advance: Callable[[Job, float], None]) -> Iterator[Done]:
        """Yield what became of each job, as they end; see `Executor`."""
        yield from dispatched(self._pool, jobs)

    def _start(self) -> None:
        began = time.monotonic()
        self._pool.recruit()
        while self._pool.starting:
            waited = time.monotonic() - began
            if waited > (GRACE_SECONDS if self._pool.ready else START_SECONDS):
                break
            for _ in self._pool.wait(LOOK_SECONDS):
                pass
        if not self._pool.ready:
            raise RequestError(f"--address {self._cluster.address}: no worker could start: {self._pool.complaint}")
