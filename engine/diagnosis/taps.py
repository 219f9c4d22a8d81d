"""Taps on the values that leave operations, which tell the mean square of their gradients, under vmap, too."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from goldilocks.engine.diagnosis.operations import first_tensor, tensors_in
from goldilocks.engine.diagnosis.sums import root_mean_square
from goldilocks.engine.diagnosis.value_counts import count_values
from goldilocks.engine.diagnosis.watch import Event


class Tap(torch.autograd.Function):
    """A copy of a value, whose gradient is reduced as soon as it is known.

    The probe has one number, or one and as many as a histogram has.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(probe: Tensor, value: Tensor) -> Tensor:
        """Return the value: a copy, which the network may change in place."""
        return value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        """Keep what the probe wants to know."""
        probe, _ = inputs
        ctx.dtype, ctx.counting = probe.dtype, probe.numel() > 1

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean square of the gradient as that of the probe, followed by its histogram where it has room."""
        (gradient,) = gradients
        return reduced(gradient, ctx.counting, ctx.dtype), gradient


def reduced(gradient: Tensor, counting: bool, dtype: torch.dtype, eager: bool = False) -> Tensor:
    """Return the mean square of a gradient, followed by its histogram where it is wanted.

    Args:
        gradient: any shape, without the config axis.
        counting: whether the histogram is wanted.
        dtype: of the result.
        eager: as for `root_mean_square`.
    """
    square = root_mean_square(gradient, eager).to(dtype).square().reshape(1)
    return torch.cat([square, count_values(gradient).to(dtype)]) if counting else square


def value_of(event: Event) -> Tensor | None:
    """Return what leaves an operation, examples first, or None where there are no floating-point numbers.

    Args:
        event: the operation.
    """
    value = first_tensor(event.result)
    if value is not None and event.operation == "multi_head_attention_forward" and value.ndim == 3:
        # This function has the positions first, whatever the module has.
        return value.transpose(0, 1)
    return value


def tapped(event: Event, value: Tensor, tap: Callable[[Tensor], Tensor]) -> Tensor:
    """Return what leaves an operation, tapped.

    Args:
        event: the operation.
        value: what leaves it.
        tap: returns a value that is equal, and whose gradient is known.
    """
    in_place = any(value is tensor for tensor in tensors_in(event.args))
    # Sums in place may be used by the name of what was changed. Activations may not be changed again, because their
    # gradients are computed from what left them.
    changed = in_place and event.operation in ("add", "sub", "mul")
    return value.add_(tap(torch.zeros_like(value))) if changed else tap(value)
