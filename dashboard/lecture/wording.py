"""How a number stands in a sentence: with its uncertainty, and with what it is a mean of."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from dashboard.numerals import numeral

THREE_DIGITS, TWO_DIGITS, PER_CENT = ".3g", ".2g", ".0%"


def plus_minus(mean: float, margin: float, form: str = THREE_DIGITS) -> str:
    """Return a mean with half of its 95 % confidence interval.

    Args:
        mean: the mean.
        margin: half of the interval; NaN where one seed gives none.
        form: format of both; by default three digits of the mean and two of the margin.
    """
    precision = TWO_DIGITS if form == THREE_DIGITS else form
    return _written(mean, form) + (f" ± {_written(margin, precision)}" if pd.notna(margin) else "")


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
    return numeral(value, int(form[1:-1])) if form.endswith("g") else f"{value:{form}}"


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
