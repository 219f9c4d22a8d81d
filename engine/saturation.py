"""Where an activation saturates: flat, and at an end of the function.

A small derivative alone is not saturation: it is small at the minimum of GELU, at the crest of a sine and along the
leak of a leaky rectifier too. A unit is saturated where the function has all but reached a limit, so that a larger
pre-activation of the same sign changes nothing. The same definition serves every activation.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import erf, inf, sqrt

import torch
from torch import Tensor

from goldilocks.engine.activations.base import Activation, largest_slope

# A function is flat where |φ'| is below this share of its largest value: for tanh, where |tanh z| > 0.97.
FLAT = 0.0591
# Decades of |z| between which a function becomes flat, if it does, and points for each of them.
NEAREST, FARTHEST, PER_DECADE = -6, 6, 2_000
# Decades over which a function that has a limit no longer changes, and the points at which that is seen.
BEYOND, SEEN = 12, 64
HALVINGS = 60


@dataclass(frozen=True)
class Ends:
    """Where an activation saturates.

    Attributes:
        low: saturated at and below this; −∞ where the function has no lower end.
        high: saturated at and above this; ∞ where it has no upper end.
    """

    low: float
    high: float

    @property
    def share(self) -> float:
        """Share of a standard normal that is saturated."""
        return 1 - (_below(self.high) - _below(self.low))


def _below(z: float) -> float:
    return (1 + erf(z / sqrt(2))) / 2


@lru_cache
def ends(activation: Activation) -> Ends:
    """Return where an activation saturates, found from its values and its derivative."""
    return Ends(-_end(activation, -1.0), _end(activation, 1.0))


def _end(activation: Activation, sign: float) -> float:
    """Return the smallest |z| from which on φ(sign·|z|) is flat and has a limit; ∞ where there is none."""
    limit = FLAT * largest_slope(activation)
    far = activation(sign * torch.logspace(FARTHEST, BEYOND, SEEN, dtype=torch.float64))
    if not far.max() - far.min() < limit:
        return inf
    count = (FARTHEST - NEAREST) * PER_DECADE + 1
    outward = torch.logspace(NEAREST, FARTHEST, count, dtype=torch.float64)
    # From beyond the origin, because a rectifier is flat on this side of it, too.
    path = torch.cat([-outward.flip(0), outward.new_zeros(1), outward])
    steep = (activation.slope_at(sign * path).abs() >= limit).nonzero()
    if len(steep) == 0 or int(steep[-1]) == len(path) - 1:
        return inf
    last = int(steep[-1])
    inside, outside = path[last : last + 1], path[last + 1 : last + 2]
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if bool(activation.slope_at(sign * middle).abs() < limit):
            outside = middle
        else:
            inside = middle
    return float(outside)


def saturated(pre: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return which units are saturated `[config, batch, unit]`.

    Args:
        pre: pre-activations, same shape.
        low: lower end of each configuration's activation `[config]`.
        high: upper end `[config]`.
    """
    return (pre <= low[:, None, None]) | (pre >= high[:, None, None])
