"""Rates of a signal along the spine of a network: the factor per step, its interval over seeds, the total."""

from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.special import stdtrit

from goldilocks.engine.diagnosis.measurement import Array

# Confidence of the intervals.
LEVEL = 0.95


@dataclass(frozen=True)
class Rate:
    """How a quantity changes per step of the spine.

    Attributes:
        values: geometric mean of the factor per step, over the deeper half `[seed]`.
        low: lower end of the interval of the mean over seeds, at LEVEL.
        high: upper end.
        total: factor from the first to the last step `[seed]`.
        typical: the same had all steps the median factor: one step out of line is a layer's affair `[seed]`.
        steps: number of factors.
        worst: place of the step with the largest change, counted from the first value to the second as 1.
    """

    values: Array
    low: float
    high: float
    total: Array
    typical: Array
    steps: int
    worst: int

    @property
    def mean(self) -> float:
        """Geometric mean over seeds."""
        return float(np.exp(np.mean(np.log(self.values))))


def rate_of(sizes: Array) -> Rate | None:
    """Return the rate of positive sizes along the spine `[seed, step]`, or None where there is none to speak of.

    Args:
        sizes: in the direction of the signal; two steps at least.
    """
    if sizes.shape[1] < 2 or not (np.isfinite(sizes) & (sizes > 0)).all():
        return None
    logs = np.log(sizes)
    steps = np.diff(logs, axis=1)
    deeper = logs[:, logs.shape[1] // 2 - (1 if logs.shape[1] < 4 else 0) :]
    values = (deeper[:, -1] - deeper[:, 0]) / max(deeper.shape[1] - 1, 1)
    center, seeds = float(values.mean()), len(values)
    reach = inf
    if seeds > 1:
        spread = float(values.std(ddof=1))
        reach = float(stdtrit(seeds - 1, (1 + LEVEL) / 2)) * spread / seeds**0.5
    with np.errstate(over="ignore"):
        low, high = (float(np.exp(center - reach)), float(np.exp(center + reach))) if reach < inf else (0.0, inf)
        return Rate(
            values=np.exp(values),
            low=low,
            high=high,
            total=np.exp(logs[:, -1] - logs[:, 0]),
            typical=np.exp(np.median(steps, axis=1) * steps.shape[1]),
            steps=steps.shape[1],
            worst=1 + int(np.abs(steps.mean(0)).argmax()),
        )
