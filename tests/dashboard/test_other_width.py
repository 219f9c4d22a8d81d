"""At another width than the measured one: what is preferred there, and one standard deviation in all that is said."""

import pandas as pd
import pytest

from goldilocks.dashboard import advice
from goldilocks.dashboard.wish import Nearest, Wish

FIXED, FREE = "normal(std=0.2)", "kaiming"


def nearest(width, measured=64):
    return Nearest(Wish(5, width, None, "relu", None, None, None), {"width": measured}, 1.0)


def usable(*clearly_better):
    """A fixed standard deviation first, then others that it is, or is not, clearly better than."""
    inits = [FIXED, "normal(std=0.1)", FREE, "xavier"]
    return pd.DataFrame({"init": inits, "clearly_better": pd.array([None, *clearly_better], "boolean")})


@pytest.mark.parametrize(
    ("width", "clearly_better", "first"),
    [
        (256, (False, False, False), FREE),
        (256, (False, True, False), "xavier"),
        (256, (False, True, True), FIXED),
        # It cannot be told.
        (256, (None, None, None), FIXED),
        # Here the standard deviation is what it was.
        (64, (False, False, False), FIXED),
    ],
)
def test_of_equals_one_that_is_meant_at_any_width_is_preferred(width, clearly_better, first):
    found = advice.preferred(usable(*clearly_better), nearest(width))
    assert found.iloc[0]["init"] == first
    assert sorted(found["init"]) == sorted(usable(*clearly_better)["init"])


def test_the_heading_has_the_standard_deviation_of_the_wanted_width():
    assert list(advice.at_width(usable(True, True, True), nearest(256))["init"]) == [
        "normal(std=0.1)", "normal(std=0.05)", FREE, "xavier"
    ]  # fmt: skip


def test_a_normalization_of_groups_that_do_not_divide_the_width_is_not_advised():
    combinations = pd.DataFrame({"norm": ["group(groups=4)", "layer", "group(groups=5)"]})
    found = {width: list(advice.existing(combinations, width)["norm"]) for width in (8, 10, 7)}
    assert found == {8: ["group(groups=4)", "layer"], 10: ["layer", "group(groups=5)"], 7: ["layer"]}
    assert len(advice.existing(combinations.head(1), 10)) == 1
