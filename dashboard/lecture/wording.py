"""How a number stands in a sentence: with its uncertainty, and with what it is a mean of."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from goldilocks.dashboard.numerals import numeral

THREE_DIGITS, TWO_DIGITS, PER_CENT, POINTS = ".3g", ".2g", ".0%", "points"


def plus_minus(mean: float, margin: float, form: str = THREE_DIGITS) -> str:
    """Return a mean with half of its 95 % confidence interval.

    Args:
        mean: the mean.
        margin: half of the interval; NaN where one seed gives none.
        form: format of both; by default three digits of the mean and two of the margin. `POINTS` writes a difference of
            two shares in percentage points.
    """
    precision = TWO_DIGITS if form == THREE_DIGITS else form
    unit = " points" if form == POINTS else ""
    return _written(mean, form) + (f" ± {_written(margin, precision)}" if pd.notna(margin) else "") + unit


def between(mean: Any, low: Any, high: Any, form: str = THREE_DIGITS) -> str:
    """Return a number with its range.

    Args:
        mean: the number.
        low: lower end.
        high: upper end.
        form: format of all three.
    """
    if pd.isna(mean):
        return "none"
    return f"{_written(mean, form)} ({_written(low, form)} to {_written(high, form)})"


def _written(value: float, form: str) -> str:
    """Return a number in a format; significant digits are written as everywhere else."""
    if form == POINTS:
        return f"{100 * value:.1f}".replace("-", "−")
    return numeral(value, int(form[1:-1])) if form.endswith("g") else f"{value:{form}}".replace("-", "−")


def judged(claim: bool | None) -> str:
    """Return what became of a claim.

    Args:
        claim: whether it holds; None where the data cannot tell.
    """
    return "**cannot tell**" if claim is None else "**holds**" if claim else "**does not hold**"


def larger(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool | None:
    """Tell whether every value of one range is above every value of another; None where they overlap or one is missing.

    Args:
        one: lowest and highest value of the range that is said to be the larger one.
        other: those of the other.
    """
    if any(pd.isna(end) for end in (*one, *other)):
        return None
    return True if one[0] > other[1] else False if one[1] < other[0] else None


def positive(mean: float, margin: float) -> bool | None:
    """Tell whether a mean is positive; None where its 95 % confidence interval has both signs, or it has none.

    Args:
        mean: the mean.
        margin: half of its interval.
    """
    return larger((mean - margin, mean + margin), (0.0, 0.0))


def count(number: float, what: str) -> str:
    """Return a number of things, one or several.

    Args:
        number: how many.
        what: the thing, singular.
    """
    return f"{int(number):,} {what}{'' if number == 1 else 's'}"


def sentence(clauses: Iterable[str], about: str = "") -> str:
    """Return clauses as one sentence; the empty text where there are none.

    Args:
        clauses: what is said.
        about: what all of them are about.
    """
    text = "; ".join(filter(None, clauses))
    if text and about:
        text = f"{about}: {text}"
    return f"{text[:1].upper()}{text[1:]}." if text else ""
