"""One plain pass through the network before anything is measured: what it takes, and where a batch does not fit."""

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from goldilocks.engine.diagnosis.batch_shapes import described
from goldilocks.engine.diagnosis.generators import seeded
from goldilocks.engine.diagnosis.inputs import INPUT_SEED, Batch
from goldilocks.engine.diagnosis.watch import Event, Stopped, watching
from goldilocks.engine.errors import RequestError, said

MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Trial:
    """What one forward pass took and gave.

    Attributes:
        seconds: of the forward pass.
        output: what the network returned.
    """

    seconds: float
    output: Any


def try_out(module: nn.Module, batch: Batch, training: bool = True) -> Trial:
    """Send a batch through a network once.

    Args:
        module: a network that nobody needs afterwards: buffers of its norms change.
        batch: what goes in.
        training: whether norms and dropout work as in training.

    Raises:
        RequestError: it does not go through; the sentence says at which module.
    """
    module.train(training)
    start = time.perf_counter()
    with seeded(INPUT_SEED), torch.no_grad():
        try:
            output = module(*batch.arguments, **batch.keywords)
        except Exception as error:
            raise RequestError(_refusal(error, batch, _place(module, batch))) from error
    return Trial(time.perf_counter() - start, output)


class _Onlooker:
    """Listens to a pass and changes nothing."""

    def seen(self, event: Event) -> Any:
        """Return what the operation returned."""
        return event.result


def _place(module: nn.Module, batch: Batch) -> str:
    """Return the name of the module in which a pass fails; it is sent through again, this time watched."""
    try:
        with seeded(INPUT_SEED), torch.no_grad(), watching(module, _Onlooker(), {}):
            module(*batch.arguments, **batch.keywords)
    except Stopped as error:
        return error.where
    return "the network"


def _refusal(error: Exception, batch: Batch, place: str) -> str:
    if isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in MEMORY):
        return f"out of memory with a batch of {batch.size} at {place}: give a smaller batch ({said(error)})"
    return (
        f"the batch ({described(batch.arguments, batch.keywords)}) does not go through the network: {place} raises "
        f"{said(error)}. Give what its forward() takes with --input or --batch"
    )
