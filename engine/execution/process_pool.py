"""The workers of a run on this machine: processes, each with its share of the cores and of the memory."""

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing.connection import Connection, wait
from pathlib import Path

from goldilocks.engine.execution import worker_process
from goldilocks.engine.execution.dispatch import WorkerGone
from goldilocks.engine.execution.executor import ClusterLost
from goldilocks.engine.execution.job import Done, Failure, Job, Worker
from goldilocks.engine.execution.worker import Placement, WorkerConfig, WorkerInfo

# So many in a row that did not start mean that none will.
STRIKES = 3


@dataclass(eq=False)
class LocalMember:
    """A worker on this machine, seen from here.

    Attributes:
        process: it.
        channel: this end of the pipe.
        jobs: what it has to do, oldest first, by number.
        known: what it said of itself; None until it has started.
        done: the result that it has sent and nobody has taken.
    """

    process: subprocess.Popen
    channel: Connection
    jobs: dict[int, Job] = field(default_factory=dict)
    known: WorkerInfo | None = None
    done: Done | None = None

    @property
    def worker(self) -> Worker:
        """Its name and provenance."""
        assert self.known is not None, "it has not started yet"
        return self.known.worker


class ProcessPool:
    """Starts so many workers, and another one when one ends, until it is closed.

    Args:
        size: how many.
        placement: what each of them gets; names are given here.
        config: what all workers need to know of the run.
        advance: called with the share of a batch that is done.
    """

    def __init__(self, size: int, placement: Placement, config: WorkerConfig, advance: Callable[[Job, float], None]):
        self._size, self._placement, self._config, self._advance = size, placement, config, advance
        self._members: list[LocalMember] = []
        self._names = count(1)
        self._strikes = 0
        self._complaint = ""

    @property
    def ready(self) -> list[LocalMember]:
        """Workers that can be given batches."""
        return [member for member in self._members if member.known]

    def recruit(self) -> None:
        """Start workers until there are as many as wanted.

        Raises:
            ClusterLost: none can start.
        """
        while len(self._members) < self._size:
            if self._strikes >= STRIKES:
                if self._members:
                    # Those that there are go on.
                    return
                raise ClusterLost(f"No worker could start on this machine: {self._complaint}.")
            self._members.append(self._start(str(next(self._names))))

    def _start(self, name: str) -> LocalMember:
        here, there = multiprocessing.Pipe()
        with there:
            # -P: what lies in the current folder may be called like a module of Python's.
            command = [sys.executable, "-P", str(Path(worker_process.__file__).resolve()), str(there.fileno())]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()])
        # One that has ended already is noticed at the next look.
        with suppress(OSError):
            here.send(sys.path)
            here.send((self._config, replace(self._placement, name=name)))
        return LocalMember(process, here)

    def give(self, member: LocalMember, job: Job) -> None:
        """Hand a batch to a worker."""
        member.jobs[job.number] = job
        # One that has ended is noticed at the next look.
        with suppress(OSError):
            member.channel.send(job)

    def wait(self, seconds: float) -> Iterator[tuple[LocalMember, int]]:
        """Yield the batches that have ended, or whose worker has; nothing when none does in time.

        Args:
            seconds: how long to wait.
        """
        if not self._members:
            time.sleep(seconds)
            return
        channels = {member.channel: member for member in self._members}
        for channel in wait(list(channels), seconds):
            member = channels[channel]  # type: ignore[index]
            if self._hears(member) and member.jobs:
                yield member, next(iter(member.jobs))

    def _hears(self, member: LocalMember) -> bool:
        """Take in what a worker has sent; return whether a batch of its has ended, with or without a result."""
        try:
            said = member.channel.recv()
        except (EOFError, OSError):
            return self._ended(member)
        if isinstance(said, float):
            self._advance(next(iter(member.jobs.values())), said)
        elif isinstance(said, WorkerInfo):
            member.known, self._strikes = said, 0
        elif isinstance(said, Done):
            member.done = said
            return True
        else:
            self._refuse(member, said.reason)
        return False

    def _ended(self, member: LocalMember) -> bool:
        if member.jobs:
            return True
        member.process.wait()
        self._refuse(member, _how(member.process))
        return False

    def _refuse(self, member: LocalMember, why: str) -> None:
        self.lose(member)
        if member.known is None:
            self._strikes += 1
            self._complaint = why

    def take(self, member: LocalMember, ticket: int) -> Done:
        """Return what became of a batch.

        Raises:
            WorkerGone: its worker has ended.
        """
        done, member.done = member.done, None
        if done is None:
            member.process.wait()
            raise WorkerGone(Failure(f"its worker died: {_how(member.process)}", of_machine=True))
        del member.jobs[ticket]
        return done

    def lose(self, member: LocalMember) -> list[Job]:
        """Strike off a worker, end what is left of it, and return the batches that it had, oldest first."""
        self._members.remove(member)
        member.channel.close()
        member.process.kill()
        member.process.wait()
        return list(member.jobs.values())

    def close(self) -> None:
        """End all workers."""
        for member in list(self._members):
            self.lose(member)


def _how(process: subprocess.Popen) -> str:
    code = process.returncode
    return f"ended by signal {-code}" if code < 0 else f"exit code {code}"
