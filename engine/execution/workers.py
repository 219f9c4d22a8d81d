"""How many processes of this machine compute a run: where they pay, as many as it has cores.

Within one process, threads share out a batch. Large products keep all of them busy; between small ones each thread
holds the interpreter's lock, and the others wait. Processes share nothing, but each has to start, and takes a whole
batch.
"""

import heapq
from collections.abc import Sequence

from goldilocks.engine.grid.plan import Batch

# What a core does in a second in products, and what a call of a kernel takes beside them; only their order of magnitude
# decides anything.
CORE_RATE, CALL_SECONDS = 3e10, 1e-5
# What a process takes to load PyTorch and the data, while others do the same.
START_SECONDS = 4.0
# How much sooner processes have to be done: what is foreseen is no better than that.
GAIN = 0.9


def processes_pay(alone: Sequence[Batch], shared: Sequence[Batch], workers: int) -> bool:
    """Tell whether several processes compute batches sooner than one, as far as can be foreseen.

        threads:    T = Σ p_b / workers + Σ c_b
        processes:  T = start + the makespan of p_b + c_b on so many workers, each batch going to whoever is free

    with p_b the seconds of the products of a batch on one core, and c_b those of its calls, which hold the interpreter.

    Args:
        alone: the batches as this process would compute them, with as many threads.
        shared: the same cells, as processes would.
        workers: how many processes, each on a core of its own.
    """
    threads = sum(map(_products, alone)) / workers + sum(map(_calls, alone))
    return START_SECONDS + makespan([_products(one) + _calls(one) for one in shared], workers) < GAIN * threads


def _products(batch: Batch) -> float:
    return batch.cost.flops / (CORE_RATE * batch.study.typical_share)


def _calls(batch: Batch) -> float:
    return CALL_SECONDS * batch.calls


def makespan(seconds: Sequence[float], workers: int) -> float:
    """Return when the last of several workers is done.

    Args:
        seconds: what each piece of work takes; the longest is begun first, by whoever is free.
        workers: how many there are.
    """
    free = [0.0] * workers
    for each in sorted(seconds, reverse=True):
        heapq.heapreplace(free, free[0] + each)
    return max(free)
