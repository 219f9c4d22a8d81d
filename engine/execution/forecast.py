"""What a run would do, without doing it: cells, batches, operations, memory, and time on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import torch

from goldilocks import store
from goldilocks.engine.device import Device
from goldilocks.engine.execution.call_time import call_seconds
from goldilocks.engine.execution.clock import undisturbed
from goldilocks.engine.execution.local import AUTO, planned
from goldilocks.engine.execution.matrix_rate import matrix_rate
from goldilocks.engine.execution.workers import START_SECONDS, makespan
from goldilocks.engine.grid.plan import Batch
from goldilocks.engine.grid.spec import Grid

# What the first batch makes a process load on the CPU: libraries that read data, and workspaces of the kernels.
LOADED_BYTES = 120e6
# What a run and each of its batches take however small they are, in calls of a kernel on next to nothing: a run loads
# libraries and data and publishes a snapshot; a batch sets up its tensors and writes a journal entry.
RUN_CALLS, BATCH_CALLS = 500_000, 13_000


@dataclass(frozen=True)
class Forecast:
    """What `run` would do.

    Attributes:
        grid: name of the grid.
        cells: cells in the grid.
        done: of these, cells the store already holds.
        batches: tensor programs to run.
        workers: processes of this machine that compute them.
        flops: floating-point operations of their matrix products.
        peak_bytes: memory of all processes while each computes one of the largest batches; on a GPU, the device's.
        seconds: expected time on this machine, if nothing else uses it.
        matrix_rate: operations per second that this machine reached in a short probe.
        call_seconds: what a call of a kernel on next to nothing took in another.
        remarks: what would be done that one might not expect.
    """

    grid: str
    cells: int
    done: int
    batches: int
    workers: int
    flops: float
    peak_bytes: float
    seconds: float
    matrix_rate: float
    call_seconds: float
    remarks: Sequence[str] = ()


def forecast(
    grid: Grid, layout: store.Layout, device: Device, fresh: bool = False, workers: int | str = AUTO
) -> Forecast:
    """Say what a run would do.

    Args:
        grid: what would be computed.
        layout: the store it would go to.
        device: where it would be computed.
        fresh: whether done cells would be computed again.
        workers: as for `run`.
    """
    done = set() if fresh else store.done_cells(layout)
    missing = [cell for cell in grid.cells if cell.cell_id not in done]
    batches, count = planned(missing, device, workers)
    rate = matrix_rate(device, clock=undisturbed(device, torch.get_num_threads()))
    call = call_seconds(device, undisturbed(device, 1))
    return Forecast(
        grid.name,
        len(grid.cells),
        len(grid.cells) - len(missing),
        len(batches),
        count,
        sum(batch.cost.flops for batch in batches),
        _peak_bytes(batches, device, count),
        _seconds(batches, rate, call, count),
        rate,
        call,
        grid.remarks,
    )


def _peak_bytes(batches: Sequence[Batch], device: Device, workers: int) -> float:
    largest = sorted((batch.cost.bytes for batch in batches), reverse=True)[:workers]
    if device.torch_device.type == "cuda":
        return sum(largest)
    # What a process holds beside a batch: the libraries, mostly. This one has not loaded those that read data.
    here = psutil.Process().memory_info().rss
    return here + sum(largest) + (workers * (here + LOADED_BYTES) if workers > 1 else LOADED_BYTES)


def _seconds(batches: Sequence[Batch], rate: float, call: float, workers: int) -> float:
    if not batches:
        return 0.0
    # The rate of products is that of all cores together.
    products = [workers * batch.cost.flops / (rate * batch.study.typical_share) for batch in batches]
    alone = [each + call * batch.calls for each, batch in zip(products, batches, strict=True)]
    begun = call * (RUN_CALLS + BATCH_CALLS * len(batches)) + (START_SECONDS if workers > 1 else 0.0)
    return begun + makespan(alone, workers)
