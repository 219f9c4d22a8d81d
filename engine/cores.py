"""Independent pieces of work side by side on the processor's cores.

Kernels of the size of a training step are too short to be shared out among cores: the cores wait for each other after
every one of them, and each reads what another has in its cache. Whole pieces share nothing.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import torch

# How many threads kernels use is a setting of the process: who computes in it holds this.
computing = threading.RLock()
# Called with the share of the work that is done, between 0 and 1.
Progress = Callable[[float], None]
REPORT_SECONDS = 0.2

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class _Abandoned(Exception):
    """Another piece has failed, or the user has stopped the run."""


def side_by_side(
    work: Callable[[Piece, Progress], Result], pieces: Sequence[Piece], progress: Progress
) -> list[Result]:
    """Work on every piece, each on its share of the cores, and return the results in order.

    Args:
        work: takes a piece and a progress of its own, which it calls now and then; the work is stopped there when
            another piece fails.
        pieces: what to work on; should be as many as there are cores, or a multiple.
        progress: called, by this thread alone, with the share of all of them that is done.

    Raises:
        Exception: whatever the first piece that fails raises; the others are stopped.
    """
    shares = [0.0] * len(pieces)
    stopped = False

    def note(number: int, share: float) -> None:
        if stopped:
            raise _Abandoned
        shares[number] = share

    cores = torch.get_num_threads()
    workers = min(cores, len(pieces))
    with kernel_threads(cores // workers), ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work, piece, partial(note, number)) for number, piece in enumerate(pieces)]
        try:
            while _unfinished(futures):
                progress(sum(shares) / len(shares))
        except BaseException:
            stopped = True
            pool.shutdown(cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _unfinished(futures: Sequence[Future]) -> bool:
    """Wait a moment for the futures, raise what one of them raised, and say whether any still runs."""
    done, running = wait(futures, REPORT_SECONDS, FIRST_EXCEPTION)
    for future in done:
        future.result()
    return bool(running)


@contextmanager
def kernel_threads(count: int) -> Iterator[None]:
    """Let each kernel use so many threads; threads started meanwhile take this over."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
