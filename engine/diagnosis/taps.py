"""Taps on the values that leave operations: their statistics and that of their gradients, under vmap, too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from goldilocks.engine.diagnosis.operations import first_tensor, tensors_in
from goldilocks.engine.diagnosis.sums import full_precision, mean_squares, root_mean_square
from goldilocks.engine.diagnosis.value_counts import count_values
from goldilocks.engine.diagnosis.watch import Event
from goldilocks.engine.statistics import power_of_two, wide

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
    if value.numel() == 0 or value.ndim == 0:
        value = value.reshape(1, -1) if value.numel() else value.new_full((1, 1), torch.nan)
        unit_axis = -1
    units = value.shape[unit_axis]
    others = [axis for axis in range(value.ndim) if axis != unit_axis % value.ndim]
    smallest, largest = (value.amin(others), value.amax(others)) if others else (value, value)
    dead = ((smallest == 0) & (largest == 0)).sum() / units
    smallest, largest = smallest.min(), largest.max()
    magnitude = torch.maximum(largest, -smallest)
    size = power_of_two(magnitude)
    centred = _Centred.of(value / size, examples)
    mean, std, rms = centred.moments()
    saturated = mean.new_full((), torch.nan)
    if before is not None:
        saturated = torch.count_nonzero((before <= ends[0]) | (before >= ends[1])) / before.numel()
    numbers = (
        mean * size,
        std * size,
        torch.where(magnitude.isfinite(), rms * size, magnitude.to(rms.dtype)),
        smallest,
        largest,
        1 - torch.count_nonzero(value) / value.numel(),
        dead,
        saturated,
        # The difference is 0 where a value is finite, and NaN elsewhere, which is not 0.
        torch.count_nonzero(value - value) / value.numel(),
        centred.spread(value.shape, unit_axis) * size,
        centred.similarity(),
    )
    return torch.stack([number.to(mean.dtype) for number in numbers])


@dataclass(frozen=True)
class _Centred:
    """Examples less their own mean: nothing is lost where they lie far from zero, or from each other.

    Attributes:
        rows: `[example, value]`.
        means: of the examples, in the wide type.
        variances: within the examples, in the wide type.
    """

    rows: Tensor
    means: Tensor
    variances: Tensor

    @classmethod
    def of(cls, value: Tensor, examples: int) -> "_Centred":
        """Return values of a size about 1 by examples, or as one row where they cannot be told apart."""
        rows = value.reshape(examples if value.shape[0] % examples == 0 else 1, -1)
        centers = rows.mean(1, keepdim=True)
        rows = rows - centers
        # What rounding has left of the mean.
        rests = rows.mean(1).to(wide(rows))
        variances = (mean_squares(rows) - rests.square()).clamp(min=0)
        return cls(rows, centers[:, 0].to(wide(rows)) + rests, variances)

    def moments(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean, standard deviation and root mean square over all values."""
        mean = self.means.mean()
        variance = self.variances.mean() + (self.means - mean).square().mean()
        return mean, variance.sqrt(), (variance + mean.square()).sqrt()

    def spread(self, shape: tuple[int, ...], unit_axis: int) -> Tensor:
        """Return the standard deviation across units, root mean square over the rest; 0 where there is one unit."""
        if shape[unit_axis] == 1:
            return self.means.new_zeros(())
        values = self.rows.reshape(shape)
        values = values - values.mean(unit_axis, keepdim=True)
        return mean_squares(values.reshape(1, -1))[0].sqrt()

    def similarity(self) -> Tensor:
        """Return the mean cosine between different examples; those without variance are left out."""
        if len(self.rows) < 2:
            return self.means.new_full((), torch.nan)
        # What is left of examples whose values are all equal is rounding.
        varying = self.variances > 1e-12 * self.means.square()
        lengths = (self.variances * self.rows.shape[1]).clamp(min=1e-300).sqrt()
        weights = torch.where(varying, 1 / lengths, 0.0)
        # The sum of the cosines of all pairs is the square of the sum of all directions.
        total = (weights.to(self.rows.dtype) @ self.rows).to(self.means.dtype)
        count = varying.sum()
        return torch.where(count > 1, (total.square().sum() - count) / (count * (count - 1)), torch.nan)


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
