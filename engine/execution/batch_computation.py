"""Computing one batch in this process."""

import gc
import time

import torch

from goldilocks.engine.cores import Progress, computing
from goldilocks.engine.device import Device
from goldilocks.engine.execution.job import Failure
from goldilocks.engine.grid.plan import Batch
from goldilocks.engine.studies.base import Outcome


def compute_batch(batch: Batch, device: Device, progress: Progress) -> tuple[Outcome | Failure, float]:
    """Compute a batch in this process.

    Args:
        batch: what.
        device: where.
        progress: called with the share that is done, from 0 to 1.

    Returns:
        The results or why there are none, and the seconds it took.
    """
    with computing:
        return _computed(batch, device, progress)


def _computed(batch: Batch, device: Device, progress: Progress) -> tuple[Outcome | Failure, float]:
    start = time.monotonic()
    result: Outcome | Failure
    try:
        result = batch.study.run(batch.cells, device.torch_device, progress)
        device.synchronize()
    except (Exception, SystemExit) as error:
        # A member of the user's own may raise anything; an interrupt is none of its doing.
        result = Failure.of(error)
    if isinstance(result, Failure) and result.out_of_memory:
        # The tensors of the failed attempt are garbage only now that its exception is gone.
        gc.collect()
        if device.torch_device.type == "cuda":
            torch.cuda.empty_cache()
    return result, time.monotonic() - start
