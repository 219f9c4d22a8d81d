"""Handing out batches to other processes, one after the other, and taking their results.

A batch whose worker is gone is handed to another, and workers that come later are put to work. Where the workers are,
on this machine or on a cluster, is the pool's business.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from goldilocks.engine.execution.executor import ClusterLost
from goldilocks.engine.execution.job import Done, Failure, Job, Worker

# Batches that wait at each worker beyond the one it computes, so that it need not wait for this process. Results stay
# with the workers until they are taken, one at a time, so this process never holds more than one.
AHEAD = 1
# How often a batch is tried again whose worker died, or whose machine failed.
RETRIES = 2
# How long to wait for an event before looking around, and for a new worker when all are gone.
LOOK_SECONDS, LOST_SECONDS = 2.0, 120.0


class Member(Protocol):
    """A worker, seen from here.

    Attributes:
        jobs: what it has to do, oldest first, by what stands for the result.
    """

    jobs: dict[Any, Job]

    @property
    def worker(self) -> Worker:
        """Its name and provenance."""
        ...


Kind = TypeVar("Kind", bound=Member)


class WorkerGone(Exception):
    """A worker gave no answer.

    Attributes:
        failure: what is known of why.
    """

    def __init__(self, failure: Failure):
        super().__init__(failure.reason)
        self.failure = failure


class Pool(Protocol[Kind]):
    """The workers of a run."""

    @property
    def ready(self) -> Sequence[Kind]:
        """Workers that can be given batches."""
        ...

    def recruit(self) -> None:
        """Start workers where some are missing."""
        ...

    def give(self, member: Kind, job: Job) -> None:
        """Hand a batch to a worker."""
        ...

    def wait(self, seconds: float) -> Iterator[tuple[Kind, Any]]:
        """Yield the batches that have ended, or whose worker has, by what stands for the result."""
        ...

    def take(self, member: Kind, ticket: Any) -> Done:
        """Return what became of a batch, which then is no longer among the jobs of its worker.

        Raises:
            WorkerGone: its worker has ended.
        """
        ...

    def lose(self, member: Kind) -> list[Job]:
        """Strike off a worker, end what is left of it, and return the batches that it had, oldest first."""
        ...


def dispatched(pool: Pool[Kind], jobs: deque[Job]) -> Iterator[Done]:
    """Yield what became of each job, as they end.

    Args:
        pool: who computes them.
        jobs: taken from the left; whoever iterates may put in more.

    Raises:
        ClusterLost: there has been no worker for LOST_SECONDS.
    """
    tries: Counter[int] = Counter()
    heard = time.monotonic()
    while jobs or any(member.jobs for member in pool.ready):
        pool.recruit()
        _hand_out(pool, jobs)
        for member, ticket in pool.wait(LOOK_SECONDS):
            done = _judged(pool, member, _collected(pool, member, ticket, jobs), jobs, tries)
            if done:
                yield done
        heard = time.monotonic() if pool.ready else heard
        if time.monotonic() - heard > LOST_SECONDS:
            raise ClusterLost(f"No worker has been available for {LOST_SECONDS:.0f} s.")


def _hand_out(pool: Pool[Kind], jobs: deque[Job]) -> None:
    """Give every worker a batch, and one more to those who have one while there are plenty."""
    for depth in range(1 + AHEAD):
        for member in pool.ready:
            enough = len(jobs) > depth * len(pool.ready)
            if len(member.jobs) <= depth and jobs and (depth == 0 or enough):
                pool.give(member, jobs.popleft())


def _collected(pool: Pool[Kind], member: Kind, ticket: Any, jobs: deque[Job]) -> Done:
    job = member.jobs[ticket]
    try:
        done = pool.take(member, ticket)
    except WorkerGone as gone:
        # The worker was at its oldest batch; those behind it are not to blame.
        job, *others = pool.lose(member)
        jobs.extendleft(reversed(others))
        return Done(job, gone.failure, 0.0, member.worker)
    return replace(done, job=job)


def _judged(pool: Pool[Kind], member: Kind, done: Done, jobs: deque[Job], tries: Counter[int]) -> Done | None:
    """Return what became of a batch, or nothing when it is to be tried again."""
    failure, number = done.result, done.job.number
    if not isinstance(failure, Failure) or failure.out_of_memory or not failure.of_machine:
        return done
    tries[number] += 1
    if done.worker and done.worker.process.device.startswith("cuda") and member in pool.ready:
        # After an error on a GPU everything that its process does there may fail.
        jobs.extendleft(reversed(pool.lose(member)))
    if tries[number] > RETRIES:
        return replace(done, result=replace(failure, reason=f"{failure.reason} (tried {1 + RETRIES} times)"))
    jobs.appendleft(done.job)
    return None
