"""Sums over very many values, exact enough, at the speed of the values' own type.

PyTorch takes some fifteen times as long for a sum in float64 over float32 as for one in float32. Here values are
brought to a size at which no square overflows or vanishes, and summed in blocks, whose sums are added in the wide type.
"""

import torch
from torch import Tensor

from goldilocks.engine.diagnosis.scratch import Scratch
from goldilocks.engine.statistics import power_of_two, wide

# Values of one block: few enough that rounding stays below 1e-6 in whatever order they are summed.
BLOCK = 1024
# So many ones add up to a number that single precision holds.
EXACT = 2**23
# Where the largest magnitude lies between these, no square overflows, and those that vanish are nothing beside its own.
MODERATE = (1e-12, 1e15)


def full_precision(x: Tensor) -> Tensor:
    """Return values of half precision in single precision, others as they are."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def mean_squares(rows: Tensor) -> Tensor:
    """Return the mean square of each row, in the wide type.

    Args:
        rows: `[row, value]`, of a size about 1; one value at least.
    """
    dtype, length = wide(rows), rows.shape[1]
    whole = length // BLOCK * BLOCK
    total = rows.new_zeros(len(rows), dtype=dtype)
    if whole:
        blocks = rows[:, :whole].reshape(len(rows), -1, BLOCK)
        total = total + torch.linalg.vector_norm(blocks, dim=2).to(dtype).square().sum(1)
    if whole < length:
        total = total + torch.linalg.vector_norm(rows[:, whole:], dim=1).to(dtype).square()
    return total / length


def unit_of(largest: Tensor, eager: bool) -> Tensor | None:
    """Return the power of two by which values are brought to a size about 1; None where they may stay as they are.

    Args:
        largest: magnitude among the values.
        eager: whether a step may depend on it, which it may not under vmap.
    """
    if eager and MODERATE[0] < largest < MODERATE[1]:
        return None
    return power_of_two(largest)


def divided(x: Tensor, unit: Tensor | None) -> Tensor:
    """Return values in a unit; themselves where there is none."""
    return x if unit is None else x / unit


def multiplied(number: Tensor, unit: Tensor | None) -> Tensor:
    """Return what was found in a unit as it is without one."""
    return number if unit is None else number * unit


def root_mean_square(x: Tensor, eager: bool = False) -> Tensor:
    """Return √E x² over all values, in the wide type; 0 where there are none, and finite where all values are.

    Args:
        x: any shape, without the config axis.
        eager: whether a step may depend on the values, which it may not under vmap.
    """
    if x.numel() == 0:
        return x.new_zeros((), dtype=wide(x))
    x = full_precision(x.detach()).reshape(1, -1)
    if eager and MODERATE[0] < (size := mean_squares(x)[0].sqrt()) < MODERATE[1]:
        return size
    low, high = torch.aminmax(x)
    largest = torch.maximum(high, -low)
    unit = power_of_two(largest)
    size = mean_squares(x / unit)[0].sqrt() * unit.to(wide(x))
    return torch.where(largest.isfinite(), size, largest.to(size.dtype))


def count_nonzero(x: Tensor, scratch: Scratch | None = None) -> Tensor:
    """Return how many values are not 0, in the wide type.

    Args:
        x: any shape, without the config axis.
        scratch: given where all values are finite, and this is a CPU: it guesses what comes next, and among zeros here
            and there is wrong so often that PyTorch's own count takes sixteen times as long as this.
    """
    if scratch is None:
        return torch.count_nonzero(x).to(wide(x))
    signs = torch.sign(x, out=scratch.like(x)).reshape(-1)
    return torch.stack([torch.dot(part, part).to(wide(x)) for part in signs.split(EXACT)]).sum()
