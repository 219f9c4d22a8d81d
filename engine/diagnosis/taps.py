"""Taps on the values that leave operations: their statistics and that of their gradients, under vmap, too."""

from typing import Any

import torch
from torch import Tensor

from goldilocks.engine.diagnosis.operations import first_tensor, tensors_in
from goldilocks.engine.diagnosis.value_counts import count_values
from goldilocks.engine.diagnosis.watch import Event
from goldilocks.engine.statistics import wide

# Columns of a row, in the order of the fields of `measurement.Signal`, the gradient aside.
COLUMNS = (
    *("mean", "std", "rms", "minimum", "maximum", "frac_zero", "frac_dead_units", "frac_saturated", "nonfinite"),
    *("unit_std", "similarity"),
)


def describe(value: Tensor, unit_axis: int, examples: int, before: Tensor | None, ends: tuple[float, float]) -> Tensor:
    """Return the statistics of what leaves a site.

    Args:
        value: any shape, without the config axis.
        unit_axis: axis of the units.
        examples: examples in the batch.
        before: what entered the activation, or None where the site is none that saturates.
        ends: at and beyond which the activation is saturated.

    Returns:
        One number per entry of `COLUMNS`, float64 where the device has it.
    """
    value = value.detach()
    dtype = wide(value)
    if value.numel() == 0 or value.ndim == 0:
        value = value.reshape(1, -1) if value.numel() else value.new_full((1, 1), torch.nan)
        unit_axis = -1
    rows = value.reshape(examples, -1) if value.shape[0] % examples == 0 else value.reshape(1, -1)
    means = rows.mean(1, dtype=dtype)
    squares = torch.linalg.vector_norm(rows, dim=1, dtype=dtype).square() / rows.shape[1]
    mean, square = means.mean(), squares.mean()
    # In the wide type the difference of squares keeps enough digits.
    std = (square - mean.square()).clamp(min=0).sqrt()
    others = [axis for axis in range(value.ndim) if axis != unit_axis % value.ndim]
    smallest, largest = (value.amin(others), value.amax(others)) if others else (value, value)
    finite = value.isfinite()
    saturated = means.new_full((), torch.nan)
    if before is not None:
        saturated = ((before <= ends[0]) | (before >= ends[1])).sum() / before.numel()
    units = value.shape[unit_axis]
    spread = value.float().var(unit_axis, correction=0).mean(dtype=dtype).sqrt() if units > 1 else mean * 0
    return torch.stack(
        [
            number.to(dtype)
            for number in (
                mean,
                std,
                square.sqrt(),
                smallest.min(),
                largest.max(),
                (value == 0).sum() / value.numel(),
                ((smallest == 0) & (largest == 0)).sum() / units,
                saturated,
                1 - finite.sum() / value.numel(),
                spread,
                _similarity(rows, means, squares),
            )
        ]
    )


def _similarity(rows: Tensor, means: Tensor, squares: Tensor) -> Tensor:
    """Return the mean cosine between different rows, each less its mean; rows without variance are left out."""
    if len(rows) < 2:
        return means.new_full((), torch.nan)
    variances = squares - means.square()
    varying = variances > 1e-12 * squares
    weights = torch.where(varying, (variances * rows.shape[1]).clamp(min=1e-300).rsqrt(), 0.0)
    # The sum of the cosines of all pairs is the square of the sum of all directions.
    total = (weights.to(rows.dtype) @ rows).to(means.dtype) - (weights * means).sum()
    count = varying.sum()
    mean = (total.square().sum() - count) / (count * (count - 1))
    return torch.where(count > 1, mean, torch.nan)


class Tap(torch.autograd.Function):
    """A zero of the shape of a value, whose gradient is reduced as soon as it is known.

    The probe has one number, or one and as many as a histogram has.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(probe: Tensor, value: Tensor) -> Tensor:
        """Return a zero of the value's shape."""
        return value.new_zeros(()).expand(value.shape).clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        """Keep what the probe wants to know."""
        probe, _ = inputs
        ctx.dtype, ctx.counting = probe.dtype, probe.numel() > 1

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Return the mean square of the gradient as that of the probe, followed by its histogram where it has room."""
        (gradient,) = gradients
        norm = torch.linalg.vector_norm(gradient, dtype=ctx.dtype)
        square = (norm.square() / max(gradient.numel(), 1)).reshape(1)
        return torch.cat([square, count_values(gradient).to(ctx.dtype)]) if ctx.counting else square, None


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


def tapped(event: Event, value: Tensor, tap: Tensor) -> Tensor:
    """Return what leaves an operation plus a tap, which is zero, so that its gradient is that of the value.

    Args:
        event: the operation.
        value: what leaves it.
        tap: zero, of the value's shape or none.
    """
    in_place = any(value is tensor for tensor in tensors_in(event.args))
    # Sums in place may be used by the name of what was changed. Activations may not be changed again, because their
    # gradients are computed from what left them.
    return value.add_(tap) if in_place and event.operation in ("add", "sub", "mul") else value + tap
