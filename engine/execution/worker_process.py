"""The far side of a worker on this machine: a process of its own that receives batches through a pipe.

Run as a script by `process_pool`, with the number of the pipe's descriptor. Python's own ways of starting a process
import the main program again, which may be anybody's script.
"""

import os
import queue
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldilocks.engine.execution.job import Job

# How often it says how far a batch is.
REPORT_SECONDS = 0.2


def serve(channel: Connection) -> None:
    """Introduce this process, then compute what comes, until nobody is left at the other end."""
    from goldilocks.engine.execution.job import Failure
    from goldilocks.engine.execution.worker import BatchWorker

    config, placement = channel.recv()
    worker = BatchWorker(config, placement)
    try:
        channel.send(worker.start())
    except Exception as error:
        # Not the error itself: not every exception survives the way through a pipe.
        channel.send(Failure.of(error))
        return
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(channel, jobs), daemon=True).start()
    while True:
        job = jobs.get()
        channel.send(worker.compute(job, _Report(channel)))


def _receive(channel: Connection, jobs: "queue.SimpleQueue[Job]") -> None:
    try:
        while True:
            jobs.put(channel.recv())
    except (EOFError, OSError):
        # Whoever started this process is gone, killed perhaps: what it computes would reach nobody.
        os._exit(0)
    except Exception:
        # A job that cannot be read, since the code was changed meanwhile: the other end must not wait for it.
        traceback.print_exc()
        os._exit(1)


class _Report:
    """Sends the share of a batch that is done, now and then."""

    def __init__(self, channel: Connection):
        self._channel, self._due = channel, 0.0

    def __call__(self, share: float) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + REPORT_SECONDS
            self._channel.send(float(share))


def _main() -> None:
    # Ctrl-C reaches every process of the terminal; the one that started this ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What members of the user's own print is no result of the command.
    os.dup2(2, 1)
    channel = Connection(int(sys.argv[1]))
    try:
        sys.path[:] = channel.recv()
        # Under its own name, so that both ends mean the same by what they send.
        from goldilocks.engine.execution import worker_process

        worker_process.serve(channel)
    except (EOFError, OSError):
        return


if __name__ == "__main__":
    _main()
