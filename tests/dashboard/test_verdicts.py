"""Rates in words."""

import math

import pytest

from dashboard import verdicts


@pytest.mark.parametrize(
    ("rate", "verdict", "said"),
    [
        (0.5, "too small", "×0.5 per layer"),
        (math.nan, "diverged", "overflows"),
        (math.nan, "too big", "overflows"),
        (math.nan, None, verdicts.NONE),
        (math.nan, "symmetric", verdicts.NONE),
    ],
)
def test_only_what_diverged_overflows(rate, verdict, said):
    assert verdicts.rate(rate, verdict) == said
