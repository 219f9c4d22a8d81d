"""Statistics of a tap, one number per configuration: reductions of `[config, batch, unit]` to `[config]`.

Everything stays on the device; the caller copies once per batch. Non-finite inputs give non-finite statistics.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from goldilocks.engine.axes import BATCH, UNIT

BINS = 64
# Histograms reach at most this many standard deviations from the mean; what lies beyond is counted, not binned.
HISTOGRAM_REACH = 4.0


def flat(x: Tensor) -> Tensor:
    """Return `[config, batch · unit]`."""
    return x.reshape(len(x), -1)


def wide(x: Tensor) -> torch.dtype:
    """Return the type in which sums of squares of x are kept: float64, where the device has it (Apple GPUs do not)."""
    return torch.float32 if x.device.type == "mps" else torch.float64


def norm(x: Tensor) -> Tensor:
    """Return the Euclidean norm of each configuration `[config]`, in the type that `wide` names.

    The norm of finite values neither overflows nor underflows on the way: their squares have room in float64, and where
    no wider type exists the values are scaled first.

    Args:
        x: `[config, …]`.
    """
    values = flat(x)
    if wide(x) != x.dtype:
        return torch.linalg.vector_norm(values, dim=1, dtype=wide(x))
    unit = _magnitude(values)
    return torch.linalg.vector_norm(values / unit, dim=1) * unit[:, 0]


def root_mean_square(x: Tensor) -> Tensor:
    """Return √E x² of each configuration `[config]`; finite where all values are."""
    entries = x[:1].numel()
    return (norm(x) / entries**0.5).to(x.dtype)


def _magnitude(values: Tensor) -> Tensor:
    """Return a power of two close to the largest value of each configuration `[config, 1]`; 1 where there is none."""
    return power_of_two(torch.linalg.vector_norm(values, torch.inf, dim=1, keepdim=True))


def power_of_two(magnitude: Tensor) -> Tensor:
    """Return the power of two below a magnitude, elementwise, by which values of it can be divided without rounding.

    Args:
        magnitude: at least 0.

    Returns:
        Powers of the same shape and type; 1 where the magnitude is zero or not finite.
    """
    limits = torch.finfo(magnitude.dtype)
    # A subnormal power has no reciprocal, and the logarithm of the largest number is rounded up.
    power = torch.exp2(magnitude.log2().floor()).clamp(limits.tiny, limits.max / 2)
    return torch.where(magnitude.isfinite() & (magnitude > 0), power, torch.ones_like(power))


@dataclass
class Moments:
    """Mean and standard deviation over all entries of each configuration, ddof 0.

    Attributes:
        mean: `[config]`.
        std: `[config]`.
    """

    mean: Tensor
    std: Tensor


def moments(x: Tensor) -> Moments:
    """Return the first two moments of `[config, …]`; finite where all values are."""
    values = flat(x)
    # Sums and differences of values near the end of the type overflow as squares do.
    unit = _magnitude(values)
    values = values / unit
    mean = values.mean(1, keepdim=True)
    std = root_mean_square(values - mean)
    return Moments((mean * unit)[:, 0], std * unit[:, 0])


def unit_spread(act: Tensor) -> Tensor:
    """Return the standard deviation across units, root mean square over the examples `[config]`."""
    unit = _magnitude(flat(act))
    scaled = act / unit[:, :, None]
    return root_mean_square(scaled - scaled.mean(UNIT, keepdim=True)) * unit[:, 0]


def activation_statistics(act: Tensor, about: Moments, slope: Tensor, saturated: Tensor) -> dict[str, Tensor]:
    """Describe what leaves an activation.

    Args:
        act: activations `[config, batch, unit]`.
        about: their moments.
        slope: local derivatives, same shape.
        saturated: which of them are saturated, same shape.

    Returns:
        One tensor `[config]` per column of the store's table `layers`.
    """
    return {
        "mean": about.mean,
        "std": about.std,
        "rms": root_mean_square(act),
        "min": flat(act).amin(1),
        "max": flat(act).amax(1),
        "frac_saturated": _share(saturated),
        "frac_zero": _share(act == 0),
        "frac_dead_units": _share((slope == 0).all(BATCH)),
        "unit_std": unit_spread(act),
    }


def _share(mask: Tensor) -> Tensor:
    # Counting in integers is exact; a float mean of a mask is not, beyond 2^24 entries.
    values = flat(mask)
    return values.sum(1) / values.shape[1]


@dataclass
class Histogram:
    """Histograms of one tap, each configuration on bins of its own.

    Attributes:
        lo: left edge of the first bin `[config]`; NaN when no value is finite.
        hi: right edge of the last bin `[config]`; equal to lo when all finite values are equal.
        counts: `[config, BINS]`.
        underflow: number of finite values below lo `[config]`.
        overflow: number of finite values above hi `[config]`.
        nonfinite: number of NaN and infinite values `[config]`.
    """

    lo: Tensor
    hi: Tensor
    counts: Tensor
    underflow: Tensor
    overflow: Tensor
    nonfinite: Tensor


def histogram(x: Tensor, about: Moments | None = None) -> Histogram:
    """Count the values of each configuration in equally wide bins over its own range.

    Args:
        x: `[config, batch, unit]`.
        about: their moments, where they are known already.
    """
    values = flat(x)
    about = about or moments(values)
    smallest, largest = values.amin(1, keepdim=True), values.amax(1, keepdim=True)
    nonfinite = torch.zeros(len(x), dtype=torch.long, device=x.device)
    # What is not finite shows in the extremes. Nearly always there is none, and half of the passes can be spared.
    if not (smallest.isfinite() & largest.isfinite()).all():
        nonfinite = values.shape[1] - values.isfinite().sum(1)
        smallest = values.nan_to_num(torch.inf, torch.inf, torch.inf).amin(1, keepdim=True)
        largest = values.nan_to_num(-torch.inf, -torch.inf, -torch.inf).amax(1, keepdim=True)
        values = values.nan_to_num(0.0, 0.0, 0.0)
        about = moments(values)
    center, reach = about.mean[:, None], HISTOGRAM_REACH * about.std[:, None]
    # Where the spread itself overflows, fmax and fmin fall back on the range of the values.
    lo, hi = torch.fmax(smallest, center - reach), torch.fmin(largest, center + reach)
    positions = slots(values, lo, hi)
    size = BINS + 2
    index = positions.int().add_(size * torch.arange(len(x), device=x.device, dtype=torch.int32)[:, None])
    counts = torch.bincount(index.flatten(), minlength=size * len(x)).view(len(x), size)
    # What is not finite was counted as a zero: take it out again.
    zeros = slots(torch.zeros_like(lo), lo, hi).long()
    counts.scatter_add_(1, zeros, -nonfinite[:, None])
    lo, hi = (edge.masked_fill(smallest > largest, torch.nan) for edge in (lo, hi))
    return Histogram(lo[:, 0], hi[:, 0], counts[:, 1:-1], counts[:, 0], counts[:, -1], nonfinite)


def slots(values: Tensor, lo: Tensor, hi: Tensor) -> Tensor:
    """Return the slot of each value as a float: below 1 underflow, then the bins, BINS + 1 and more overflow.

    Args:
        values: finite ones.
        lo: left edge of the first bin, of a shape that the values broadcast with.
        hi: right edge of the last bin, likewise.
    """
    # Halves keep the width of a very wide range finite; the last bin is closed on the right, hence the hair's breadth.
    half_width = hi / 2 - lo / 2
    density = torch.where(half_width > 0, BINS * (0.5 - 1e-7) / half_width, 0.0).nan_to_num_(0.0)
    return (values * density).sub_(lo.nan_to_num() * density).clamp_(-1, BINS).add_(1)
