"""Smoothed curves are TensorBoard's: a moving average of what is finite, without the pull of its first value."""

import numpy as np
import pandas as pd
import pytest

from goldilocks.dashboard.smoothing import MEASURED, smoothed

VALUES = [3.0, np.nan, 1.0, np.inf, 2.0, 5.0]


def curves():
    one = pd.DataFrame({"configuration": "a", "step": range(6), "mean": VALUES})
    other = pd.DataFrame({"configuration": "b", "step": range(6), "mean": 7.0})
    return pd.concat([one, other]).sample(frac=1, random_state=0)


@pytest.mark.parametrize("percent", [10, 60, 99])
def test_each_mean_is_that_of_all_before_it_the_later_ones_counting_more(percent):
    weight = percent / 100
    found = smoothed(curves(), percent).sort_values("step")
    finite = found[(found["configuration"] == "a") & np.isfinite(found["mean"])]
    for count in range(1, len(finite) + 1):
        shares = weight ** np.arange(count)[::-1]
        wanted = np.average(finite[MEASURED].iloc[:count], weights=shares)
        assert finite["mean"].iloc[count - 1] == pytest.approx(wanted)
    assert found.loc[found["configuration"] == "b", "mean"].to_numpy() == pytest.approx(np.full(6, 7.0))


def test_what_is_not_finite_stays_and_the_rows_keep_their_places():
    frame = curves()
    found = smoothed(frame, 60)
    assert list(found["step"]) == list(frame["step"])
    assert found[MEASURED].equals(frame["mean"].rename(MEASURED))
    assert list(np.isfinite(found["mean"])) == list(np.isfinite(frame["mean"]))


def test_without_a_weight_nothing_changes():
    assert smoothed(curves(), 0).equals(curves())
    assert smoothed(curves().head(0), 50).empty
