"""A share of a few seeds is said as a count."""

import math

import pytest

from goldilocks.dashboard.trains import of_seeds


@pytest.mark.parametrize(
    ("share", "seeds", "said"),
    [(2 / 3, 3, "2 of 3"), (1.0, 3, "3 of 3"), (0.0, 5, "0 of 5"), (0.2857142857, 7, "2 of 7"), (math.nan, 0, "–")],
)
def test_a_share_of_seeds_is_a_count(share, seeds, said):
    assert of_seeds(share, seeds) == said
