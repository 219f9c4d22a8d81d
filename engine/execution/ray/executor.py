"""Handing out batches to the workers of a cluster, one after the other, and taking their results.

A batch whose worker is gone is handed to another, and nodes that join are put to work. This process alone writes to the
store.
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
from goldilocks.engine.execution.executor import ClusterLost, Done, Failure, Job
from goldilocks.engine.execution.provenance import Process
from goldilocks.engine.execution.ray.connection import Connection
from goldilocks.engine.execution.ray.worker_pool import LOOK_SECONDS, Member, WorkerPool
from goldilocks.engine.execution.worker import WorkerConfig
from goldilocks.engine.grid.plan import Batch, plan

# Batches that wait at each worker beyond the one it computes, so that it need not wait for this process. Results stay
# with the workers until they are taken, one at a time, so this process never holds more than one.
AHEAD = 1
# How often a batch is tried again whose worker died, or whose machine failed.
RETRIES = 2
# How long to wait for the first worker, for others once there is one, and for a new one when all are gone.
START_SECONDS, GRACE_SECONDS, LOST_SECONDS = 120.0, 15.0, 120.0


@dataclass(frozen=True)
class Smallest:
    """What every worker of a cluster has at least."""

    torch_device: torch.device
    free_memory: float


class RayExecutor:
    """An executor that is a cluster.

    Args:
        cluster: which one, and what each worker takes.
        config: what the workers are told.
        say: shows a sentence to the user.

    Raises:
        RequestError: there is no such cluster.
    """

    def __init__(self, cluster: Cluster, config: WorkerConfig, say: Callable[[str], None]):
        self.spool = config.spool
        self._cluster, self._say = cluster, say
        self._connection = Connection(cluster.address)
        self._pool = WorkerPool(cluster, config, say)
        self._tries: Counter[int] = Counter()
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
            return replace(here, device_reason="nothing was left to compute")
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
        heard = time.monotonic()
        while jobs or self.running:
            self._pool.recruit()
            self._hand_out(jobs)
            for member, ref in self._pool.wait(LOOK_SECONDS):
                done = self._collect(member, ref, jobs)
                if done:
                    yield done
            heard = time.monotonic() if self._pool.ready else heard
            if time.monotonic() - heard > LOST_SECONDS:
                raise ClusterLost(f"The cluster has had no worker for {LOST_SECONDS:.0f} s.")

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

    def _hand_out(self, jobs: deque[Job]) -> None:
        """Give every worker a batch, and one more to those who have one while there are plenty."""
        for depth in range(1 + AHEAD):
            for member in self._pool.ready:
                enough = len(jobs) > depth * len(self._pool.ready)
                if len(member.jobs) <= depth and jobs and (depth == 0 or enough):
                    self._pool.give(member, jobs.popleft())

    def _collect(self, member: Member, ref: ray.ObjectRef, jobs: deque[Job]) -> Done | None:
        """Take the result of a batch; return nothing when it is to be tried again."""
        job = member.jobs[ref]
        try:
            done: Done = ray.get(ref)
            del member.jobs[ref]
        except ray.exceptions.RayError as error:
            # The worker was at its oldest batch; those behind it are not to blame.
            job, *others = self._pool.lose(member)
            jobs.extendleft(reversed(others))
            done = Done(job, self._pool.failure(error), 0.0, member.worker)
        return self._judged(replace(done, job=job), member, jobs)

    def _judged(self, done: Done, member: Member, jobs: deque[Job]) -> Done | None:
        failure, number = done.result, done.job.number
        if not isinstance(failure, Failure) or failure.out_of_memory or not failure.of_machine:
            return done
        self._tries[number] += 1
        if done.worker and done.worker.process.device.startswith("cuda") and member in self._pool.ready:
            # After an error on a GPU everything that its process does there may fail.
            jobs.extendleft(reversed(self._pool.lose(member)))
        if self._tries[number] > RETRIES:
            return replace(done, result=replace(failure, reason=f"{failure.reason} (tried {1 + RETRIES} times)"))
        jobs.appendleft(done.job)
        return None
