"""Statistics of what leaves an operation: eleven numbers, under vmap, too."""

from dataclasses import dataclass

import torch
from torch import Tensor

from goldilocks.engine.diagnosis.scratch import Scratch
from goldilocks.engine.diagnosis.sums import count_nonzero, divided, full_precision, mean_squares, multiplied, unit_of
from goldilocks.engine.statistics import wide

# Columns of a row, in the order of the fields of `measurement.Signal`, the gradient aside.
COLUMNS = (
    *("mean", "std", "rms", "minimum", "maximum", "frac_zero", "frac_dead_units", "frac_saturated", "nonfinite"),
    *("unit_std", "similarity"),
)


def describe(
    value: Tensor,
    unit_axis: int,
    examples: int,
    before: Tensor | None,
    ends: tuple[float, float],
    scratch: Scratch | None = None,
) -> Tensor:
    """Return the statistics of what leaves a site.

    Args:
        value: any shape, without the config axis.
        unit_axis: axis of the units.
        examples: examples in the batch.
        before: what entered the activation, or None where the site is none that saturates.
        ends: at and beyond which the activation is saturated.
        scratch: given on a CPU where a step may depend on the values, as it may not under vmap; needless ones are left
            out then.

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
    dead = count_nonzero((smallest == 0) & (largest == 0)) / units
    smallest, largest = smallest.min(), largest.max()
    magnitude = torch.maximum(largest, -smallest)
    unit = unit_of(magnitude, scratch is not None)
    finite = scratch is not None and bool(magnitude.isfinite())
    nonzero = count_nonzero(value, scratch if finite else None)
    # The difference is 0 where a value is finite, and NaN elsewhere, which is not 0.
    nonfinite = torch.zeros_like(nonzero) if finite else count_nonzero(value - value)
    saturated = torch.full_like(nonzero, torch.nan)
    if before is not None:
        saturated = _beyond(full_precision(before), ends, scratch) / before.numel()
    centred = _Centred.of(value, unit, examples, scratch)
    mean, std, rms = (multiplied(moment, unit) for moment in centred.moments())
    similarity, spread = centred.similarity(), multiplied(centred.spread(value.shape, unit_axis), unit)
    numbers = (
        mean,
        std,
        torch.where(magnitude.isfinite(), rms, magnitude.to(rms.dtype)),
        smallest,
        largest,
        1 - nonzero / value.numel(),
        dead,
        saturated,
        nonfinite / value.numel(),
        spread,
        similarity,
    )
    return torch.stack([number.to(mean.dtype) for number in numbers])


def _beyond(before: Tensor, ends: tuple[float, float], scratch: Scratch | None) -> Tensor:
    """Return how many values lie at or beyond the ends."""
    if scratch is not None:
        # Comparing takes PyTorch on a CPU three times as long as this.
        low, high = before.new_tensor(ends)
        inside = scratch.like(before)
        torch.clamp(before, torch.nextafter(low, high), torch.nextafter(high, low), out=inside)
        inside -= before
        # The sign of NaN is 0, and NaN is not beyond anything.
        return count_nonzero(inside, scratch)
    return count_nonzero((before <= ends[0]) | (before >= ends[1]))


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
    def of(cls, value: Tensor, unit: Tensor | None, examples: int, scratch: Scratch | None) -> "_Centred":
        """Return values by examples, or as one row where they cannot be told apart."""
        rows = divided(value, unit).reshape(examples if value.shape[0] % examples == 0 else 1, -1)
        centers = rows.mean(1, keepdim=True)
        rows = rows - centers if scratch is None else torch.sub(rows, centers, out=scratch.like(rows))
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
        """Return the standard deviation across units, root mean square over the rest; 0 where there is one unit.

        The rows are changed: nothing else can be asked afterwards.
        """
        if shape[unit_axis] == 1:
            return self.means.new_zeros(())
        values = self.rows.reshape(shape)
        values -= values.mean(unit_axis, keepdim=True)
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
