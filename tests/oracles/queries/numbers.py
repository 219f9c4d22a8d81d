"""Statistics of a few numbers as SQL means them: NULL is left out, and of nothing there is none."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy import stats


def known(values: Iterable[Any]) -> list[Any]:
    """Returns the values that are not NULL."""
    return [value for value in values if value is not None]


def finite(values: Iterable[float | None]) -> list[float]:
    """Returns the values that are numbers."""
    return [value for value in known(values) if math.isfinite(value)]


def zero(values: Iterable[float | None]) -> list[float]:
    """Returns the values, with 0 in place of those that are no numbers."""
    return [value if value is not None and math.isfinite(value) else 0.0 for value in values]


def mean(values: Iterable[float | None]) -> float | None:
    """Returns the arithmetic mean."""
    found = known(values)
    return sum(map(float, found)) / len(found) if found else None


def geometric_mean(values: Iterable[float | None]) -> float | None:
    """Returns the geometric mean of numbers; 0 when one of them is."""
    if any(value == 0 for value in known(values)):
        return 0.0
    found = mean(map(math.log, known(values)))
    return None if found is None else math.exp(found)


def lowest(values: Iterable[Any]) -> Any:
    """Returns the smallest value."""
    return min(known(values), key=_rank, default=None)


def highest(values: Iterable[Any]) -> Any:
    """Returns the largest value; NaN counts as larger than any number."""
    return max(known(values), key=_rank, default=None)


def median(values: Iterable[float | None]) -> float | None:
    """Returns the median."""
    found = known(values)
    return float(statistics.median(found)) if found else None


def spread(values: Sequence[float]) -> float | None:
    """Returns the standard deviation of a sample."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def margin(values: Sequence[float]) -> float | None:
    """Returns half of Student's 95 % confidence interval of the mean."""
    if len(values) < 2:
        return None
    # Up to ten values the queries have a table with three digits.
    quantile = stats.t.ppf(0.975, len(values) - 1)
    return (round(quantile, 3) if len(values) <= 10 else quantile) * float(np.std(values, ddof=1)) / len(values) ** 0.5


def most_frequent(values: Iterable[str | None]) -> str | None:
    """Returns the value that occurs most often, of several the first in the alphabet."""
    counted = Counter(known(values))
    return min(counted, key=lambda value: (-counted[value], value), default=None)


def distinct(values: Iterable[Any]) -> list[Any] | None:
    """Returns the different values in order; None when there is none."""
    return sorted(set(known(values))) or None


def ends(name: str, values: Iterable[Any]) -> dict[str, Any]:
    """Returns the columns `name_low` and `name_high`."""
    found = list(values)
    return {f"{name}_low": lowest(found), f"{name}_high": highest(found)}


def ranged(name: str, values: Iterable[Any]) -> dict[str, Any]:
    """Returns the columns `name`, the mean, `name_low` and `name_high`."""
    found = list(values)
    return {name: mean(found), **ends(name, found)}


def _rank(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, float) and math.isnan(value), value)
