"""Is the best of several clearly better than each of the others? In plain NumPy: slow, and easy to check.

All combinations have a score for each of their seeds; combinations that share a seed share their draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations as pairs_of
from math import exp, log, sqrt

import numpy as np

Scores = Mapping[int, float]


@dataclass(frozen=True)
class Lead:
    """How far the first leads another one: over so many shared seeds, and from where on that is clear."""

    shared: int
    lead: float | None
    needed: float | None

    @property
    def clear(self) -> bool | None:
        """Whether the first is clearly better; None where that cannot be told."""
        return None if self.needed is None else self.lead > self.needed


def leads(ranked: Sequence[Scores], level: float, enough: int, together: int) -> list[Lead]:
    """Returns how far the first of the ranked combinations leads each of the others, in their order.

    Args:
        ranked: the score of each seed of each combination, the best mean first.
        level: how often identical combinations may seem different.
        enough: shared seeds that are needed.
        together: combinations whose differences are put together at least.
    """
    alone, picked = level / 2, level / max(len(ranked) * (len(ranked) - 1), 1)
    rounding = _step([score for scores in ranked for score in scores.values()]) ** 2 / 6
    found = []
    for place in range(1, len(ranked)):
        own = _differences(ranked[0], ranked[place])
        if not own:
            found.append(Lead(0, None, None))
            continue
        needed = None
        if len(own) >= enough:
            squares = [0.0, 0]
            down = max(place + 1, min(together, len(ranked)))
            for one, other in pairs_of(ranked[:down], 2):
                between = _differences(one, other)
                if len(between) > 1:
                    squares[0] += np.var(between, ddof=1) * (len(between) - 1)
                    squares[1] += len(between) - 1
            pooled, freedom = squares[0] / squares[1], 2 * squares[1] / down
            # The first may be noisier than the rest, and so may the other one.
            of_first = _together([_differences(ranked[0], other) for other in ranked[1:down]])
            largest = max(pooled, of_first, np.var(own, ddof=1), rounding)
            by_itself = students(alone, len(own) - 1) * sqrt(max(np.var(own, ddof=1), rounding) / len(own))
            as_the_best = students(picked, freedom) * sqrt(largest / len(own))
            needed = max(by_itself, as_the_best)
        found.append(Lead(len(own), float(np.mean(own)), needed))
    return found


def _together(differences: Sequence[Sequence[float]]) -> float:
    """Returns the variance of several rows of differences, each about its own mean."""
    rows = [row for row in differences if len(row) > 1]
    return sum(np.var(row, ddof=1) * (len(row) - 1) for row in rows) / sum(len(row) - 1 for row in rows)


def normal(tail: float) -> float:
    """Returns what a standard normal variable exceeds with a probability below a half, by Hastings' approximation."""
    root = sqrt(-2 * log(tail))
    return root - np.polyval([0.010328, 0.802853, 2.515517], root) / np.polyval([0.001308, 0.189269, 1.432788, 1], root)


def students(tail: float, freedom: float) -> float:
    """Returns what Student's t exceeds with a probability, by Wallace's approximation."""
    z = normal(tail) * (8 * freedom + 3) / (8 * freedom + 1)
    return sqrt(freedom * (exp(z**2 / freedom) - 1))


def _differences(one: Scores, other: Scores) -> list[float]:
    return [one[seed] - other[seed] for seed in one if seed in other]


def _step(scores: Sequence[float]) -> float:
    """Returns the smallest step between two scores, 0 where all are equal."""
    gaps = np.diff(np.unique(np.round(np.array(scores, np.float64), 5)))
    return float(gaps.min()) if len(gaps) else 0.0
