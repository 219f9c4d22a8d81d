"""One plain pass through the network before anything is measured: what it takes, and where a batch does not fit."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from goldilocks.engine.diagnosis.factory import seeded
from goldilocks.engine.diagnosis.inputs import INPUT_SEED, Batch
from goldilocks.engine.errors import RequestError

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
    with _stack(module) as inside, seeded(INPUT_SEED), torch.no_grad():
        try:
            output = module(*batch.arguments, **batch.keywords)
        except Exception as error:
            raise RequestError(_refusal(error, batch, inside)) from error
    return Trial(time.perf_counter() - start, output)


def _refusal(error: Exception, batch: Batch, inside: list[str]) -> str:
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0] if lines else ''}"
    if isinstance(error, torch.OutOfMemoryError) or any(sign in said for sign in MEMORY):
        return f"out of memory with a batch of {batch.size} at {inside[-1]}: give a smaller batch ({said})"
    return (
        f"the batch ({described(batch)}) does not go through the network: {inside[-1]} raises {said}. Give what its "
        "forward() takes with --input or --batch"
    )


def described(batch: Batch) -> str:
    """Return the shapes of a batch, for people."""
    positional = [_shape(value) for value in batch.arguments]
    return ", ".join([*positional, *(f"{key}={_shape(value)}" for key, value in batch.keywords.items())])


def _shape(value: Any) -> str:
    if not isinstance(value, Tensor):
        return type(value).__name__
    sides = "x".join(map(str, value.shape)) or "scalar"
    return sides if value.is_floating_point() else f"{sides} {str(value.dtype).removeprefix('torch.')}"


@contextmanager
def _stack(module: nn.Module) -> Iterator[list[str]]:
    """Keep the names of the modules that are being computed, outermost first; the last is where an error came up."""
    names = {part: f"{name or 'the network'} ({type(part).__name__})" for name, part in module.named_modules()}
    inside = [names[module]]

    def enter(part: nn.Module, _: Any) -> None:
        inside.append(names.get(part, type(part).__name__))

    def leave(*_: Any) -> None:
        inside.pop()

    handles = [register_module_forward_pre_hook(enter), register_module_forward_hook(leave)]
    try:
        yield inside
    finally:
        for handle in handles:
            handle.remove()
