"""Histograms under vmap: the convention of `engine.statistics.histogram`, without a step that depends on the values."""

from dataclasses import dataclass

import torch
from torch import Tensor

from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.statistics import BINS, HISTOGRAM_REACH, slots, wide

# Of a row: both edges, the bins, and how many values lie below, above, and nowhere.
LENGTH = 2 + BINS + 3


@dataclass(frozen=True)
class Counts:
    """Histograms at some sites.

    Attributes:
        sites: their indices.
        signal: what leaves them `[config, site, LENGTH]`.
        gradient: of the gradient there, likewise; zeros where there is none.
    """

    sites: tuple[int, ...]
    signal: Array
    gradient: Array


def count_values(value: Tensor) -> Tensor:
    """Return the histogram of all values as one row: edges, bins, underflow, overflow, and what is not finite.

    Args:
        value: any shape, without the config axis.

    Returns:
        `[LENGTH]`, float64 where the device has it.
    """
    value = value.detach().reshape(-1)
    dtype = wide(value)
    if value.numel() == 0:
        return torch.zeros(LENGTH, dtype=dtype, device=value.device)
    value = value.to(dtype)
    finite = value.isfinite()
    known, count = torch.where(finite, value, 0.0), finite.sum().clamp(min=1)
    mean = known.sum() / count
    reach = HISTOGRAM_REACH * (torch.where(finite, value - mean, 0.0).square().sum() / count).sqrt()
    smallest = torch.where(finite, value, torch.inf).amin()
    largest = torch.where(finite, value, -torch.inf).amax()
    # Where the spread itself overflows, fmax and fmin fall back on the range of the values.
    lo, hi = torch.fmax(smallest, mean - reach), torch.fmin(largest, mean + reach)
    places = torch.where(finite, slots(known, lo, hi), BINS + 2.0).long()
    counted = torch.zeros(BINS + 3, dtype=dtype, device=value.device)
    counted = counted.scatter_add(0, places, torch.ones_like(value))
    edges = torch.where(finite.any(), torch.stack([lo, hi]), torch.nan)
    return torch.cat([edges, counted[1 : BINS + 1], counted[:1], counted[BINS + 1 :]])
