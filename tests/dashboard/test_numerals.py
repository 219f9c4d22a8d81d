"""Numbers in sentences."""

import math

import pytest

from goldilocks.dashboard.numerals import numeral


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (1, "1"),
        (0.046094, "0.0461"),
        (-0.5, "−0.5"),
        (358_123, "358,000"),
        (999_999, "10⁶"),
        (5_353_535, "5.35·10⁶"),
        (-1.7e-5, "−1.7·10⁻⁵"),
        (1e-20, "10⁻²⁰"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_a_number_is_written_for_people(value, written):
    assert numeral(value) == written


def test_as_many_digits_as_asked_for():
    assert numeral(0.849312, 4) == "0.8493"
    assert numeral(1.26e-7, 2) == "1.3·10⁻⁷"
