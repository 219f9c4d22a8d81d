"""Statistics of a tap, one number per configuration: reductions of `[config, batch, unit]` to `[config]`.

Everything stays on the device; the caller copies once per batch. Non-finite inputs give non-finite statistics.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.axes import BATCH, UNIT

# A unit is saturated where |φ'| is below this share of its largest value: for tanh, |tanh z| > 0.97.
SATURATION = 0.0591
BINS = 64
# Histograms reach at most this many standard deviations from the mean; what lies beyond is counted, not binned.
HISTOGRAM_REACH = 4.0


def flat(x: Tensor) -> Tensor:
    """Return `[config, batch · unit]`."""
    return x.reshape(len(x), -1)


def root_mean_square(x: Tensor) -> Tensor:
    """Return √E x² of each configuration `[config]`."""
    return flat(x).square().mean(1).sqrt()


def standard_deviation(x: Tensor) -> Tensor:
    """Return the standard deviation over all entries of each configuration, ddof 0 `[config]`."""
    values = flat(x)
    return root_mean_square(values - values.mean(1, keepdim=True))


def unit_spread(act: Tensor) -> Tensor:
    """Return the standard deviation across units, root mean square over the examples `[config]`."""
    return root_mean_square(act - act.mean(UNIT, keepdim=True))


def activation_statistics(act: Tensor, slope: Tensor, largest_slope: Tensor) -> dict[str, Tensor]:
    """Describe what leaves an activation.

    Args:
        act: activations `[config, batch, unit]`.
        slope: local derivatives, same shape.
        largest_slope: sup |φ'| of each configuration `[config]`.

    Returns:
        One tensor `[config]` per column of the store's table `layers`.
    """
    smallest, largest = torch.aminmax(flat(act), dim=1)
    steepness = slope.abs()
    saturated = steepness < (SATURATION * largest_slope)[:, None, None]
    return {
        "mean": flat(act).mean(1),
        "std": standard_deviation(act),
        "rms": root_mean_square(act),
        "min": smallest,
        "max": largest,
        "frac_saturated": _share(saturated),
        "frac_zero": _share(act == 0),
        "frac_dead_units": _share((steepness == 0).all(BATCH)),
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
        lo: left edge of the first bin `[config]`.
        hi: right edge of the last bin `[config]`; equal to lo when all finite values are equal.
        counts: int64 `[config, BINS + 3]`: below lo, the bins, above hi, not finite.
    """

    lo: Tensor
    hi: Tensor
    counts: Tensor


def histogram(x: Tensor) -> Histogram:
    """Count the values of each configuration in equally wide bins over its own range.

    Args:
        x: `[config, batch, unit]`.
    """
    values = flat(x)
    finite = values.isfinite()
    smallest = torch.where(finite, values, torch.inf).amin(1)
    largest = torch.where(finite, values, -torch.inf).amax(1)
    clean = torch.where(finite, values, 0.0)
    center = clean.mean(1)
    reach = HISTOGRAM_REACH * standard_deviation(clean)
    # Where the spread itself overflows, fmax and fmin fall back on the range of the values.
    lo = torch.fmax(smallest, center - reach)[:, None]
    hi = torch.fmin(largest, center + reach)[:, None]
    # Halves keep the width of a very wide range finite.
    width = hi / 2 - lo / 2
    position = torch.where(width > 0, (values / 2 - lo / 2) / width, 0.0).mul_(BINS)
    bins = position.nan_to_num_(0.0).floor_().clamp_(0, BINS - 1).long().add_(1)
    bins = torch.where(values < lo, 0, torch.where(values > hi, BINS + 1, bins))
    bins = torch.where(finite, bins, BINS + 2)
    bins += (BINS + 3) * torch.arange(len(x), device=x.device)[:, None]
    counts = torch.bincount(bins.flatten(), minlength=len(x) * (BINS + 3)).view(len(x), -1)
    return Histogram(lo[:, 0], hi[:, 0], counts)
