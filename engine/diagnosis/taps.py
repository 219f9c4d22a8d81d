"""Taps on the values that leave operations: their statistics and that of their gradients, under vmap, too."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from goldilocks.engine.diagnosis.operations import first_tensor, tensors_in
from goldilocks.engine.diagnosis.sums import full_precision, mean_squares, power_of_two, root_mean_square
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
    value = full_precision(value.detach())
    dtype = wide(value)
    if value.numel() == 0 or value.ndim == 0:
        value = value.reshape(1, -1) if value.numel() else value.new_full((1, 1), torch.nan)
        unit_axis = -1
    units = value.shape[unit_axis]
    others = [axis for axis in range(value.ndim) if axis != unit_axis % value.ndim]
    smallest, largest = (value.amin(others), value.amax(others)) if others else (value, value)
    dead = ((smallest == 0) & (largest == 0)).sum() / units
    smallest, largest = smallest.min(), largest.max()
    magnitude = torch.maximum(largest, -smallest)
    unit = power_of_two(magnitude)
    rows = value / unit
    # Examples less their own mean: nothing is lost where they lie far from zero, or from each other.
    rows = rows.reshape(examples if value.shape[0] % examples == 0 else 1, -1)
    centers = rows.mean(1, keepdim=True)
    rows = rows - centers
    rests = rows.mean(1, dtype=rows.dtype).to(dtype)
    means = centers[:, 0].to(dtype) + rests
    variances = (mean_squares(rows) - rests.square()).clamp(min=0)
    mean = means.mean()
    variance = variances.mean() + (means - mean).square().mean()
    size = unit.to(dtype)
    rms = torch.where(magnitude.isfinite(), (variance + mean.square()).sqrt() * size, magnitude.to(dtype))
    spread = mean * 0
    if units > 1:
        within = rows.reshape(value.shape)
        within = within - within.mean(unit_axis, keepdim=True)
        spread = mean_squares(within.reshape(1, -1))[0].sqrt()
    saturated = mean.new_full((), torch.nan)
    if before is not None:
        saturated = torch.count_nonzero((before <= ends[0]) | (before >= ends[1])) / before.numel()
    return torch.stack(
        [
            number.to(dtype)
            for number in (
                mean * size,
                variance.sqrt() * size,
                rms,
                smallest,
                largest,
                1 - torch.count_nonzero(value) / value.numel(),
                dead,
                saturated,
                # The difference is 0 where a value is finite, and NaN elsewhere, which is not 0.
                torch.count_nonzero(value - value) / value.numel(),
                spread * size,
                _similarity(rows, means, variances),
            )
        ]
    )


def _similarity(rows: Tensor, means: Tensor, variances: Tensor) -> Tensor:
    """Return the mean cosine between different rows, each less its mean; rows without variance are left out."""
    if len(rows) < 2:
        return means.new_full((), torch.nan)
    # What is left of rows whose values are all equal is rounding.
    varying = variances > 1e-12 * means.square()
    weights = torch.where(varying, (variances * rows.shape[1]).clamp(min=1e-300).rsqrt(), 0.0)
    # The sum of the cosines of all pairs is the square of the sum of all directions.
    total = (weights.to(rows.dtype) @ rows).to(means.dtype)
    count = varying.sum()
    mean = (total.square().sum() - count) / (count * (count - 1))
    return torch.where(count > 1, mean, torch.nan)


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
        square = root_mean_square(gradient).to(ctx.dtype).square().reshape(1)
        return torch.cat([square, count_values(gradient).to(ctx.dtype)]) if ctx.counting else square, gradient


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
