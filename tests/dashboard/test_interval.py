"""Intervals over a few seeds are those of Student's t."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dashboard.interval import NORMAL, STUDENT, banded


def test_the_quantiles_are_students():
    np.testing.assert_allclose(STUDENT, stats.t.ppf(0.975, np.arange(1, len(STUDENT) + 1)), atol=6e-4)
    assert pytest.approx(stats.norm.ppf(0.975), abs=1e-3) == NORMAL


def test_an_interval_is_that_of_the_mean():
    values = np.array([0.2, 0.5, 0.9])
    frame = pd.DataFrame({"mean": [values.mean()], "low": [0.2], "high": [0.9], "spread": [values.std(ddof=1)]})
    frame = frame.assign(finite=3)
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    found = banded(frame, "interval")
    np.testing.assert_allclose(found[["low", "high"]].to_numpy()[0], [low, high], atol=1e-3)
    pd.testing.assert_frame_equal(banded(frame, "range"), frame)


def test_a_single_seed_has_no_interval():
    one = pd.DataFrame({"mean": [0.5], "low": [0.5], "high": [0.5], "spread": [0.0], "finite": [1]})
    assert banded(one, "interval")[["low", "high"]].to_numpy().tolist() == [[0.5, 0.5]]
