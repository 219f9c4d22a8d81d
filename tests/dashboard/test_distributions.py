"""Histograms on common bins: no value appears or vanishes, and one explosion hides nobody."""

import numpy as np
import pandas as pd
import pytest

from goldilocks.dashboard.distributions import common_range, on_common_bins, rebin
from tests.dashboard.test_charts import histograms


def one(lo, hi, counts, edges):
    return rebin(np.array([lo]), np.array([hi]), np.array([counts]), edges)[0]


def test_rebinning_keeps_every_value_on_the_axis():
    edges = np.linspace(-2, 2, 41)
    assert one(-1, 1, [3, 0, 5, 7], edges).sum() == pytest.approx(15)
    assert one(0.5, 0.5, [4, 0], edges).sum() == 4
    assert one(np.nan, np.nan, [0, 0], edges).sum() == 0
    np.testing.assert_allclose(one(-2, 2, [1] * 40, edges), np.ones(40))
    assert one(-4, 4, [1] * 8, edges).sum() == pytest.approx(4)


def test_many_histograms_at_once_are_as_one_by_one():
    random, edges = np.random.default_rng(0), np.linspace(-3, 3, 31)
    counts = random.integers(0, 9, (20, 12))
    lo, hi = random.uniform(-4, 0, 20), random.uniform(0, 4, 20)
    together = rebin(lo, hi, counts, edges)
    for place in range(20):
        own = np.linspace(lo[place], hi[place], 13)
        cumulative = np.concatenate([[0], np.cumsum(counts[place])])
        np.testing.assert_allclose(together[place], np.diff(np.interp(edges, own, cumulative)), atol=1e-9)


def test_shares_off_the_axis_and_not_finite_add_up():
    bins = on_common_bins(histograms(), ["configuration", "layer"])
    parts = bins.groupby("layer").agg({"share": "sum", "outside": "first", "nonfinite": "first"}).sum(axis=1)
    np.testing.assert_allclose(parts, 1.0)


def test_one_exploded_layer_does_not_hide_the_others():
    ordinary = [{"lo": -1.0, "hi": 1.0}] * 6
    low, high = common_range(pd.DataFrame([*ordinary, {"lo": -1e16, "hi": 1e16}]))
    assert (low, high) == pytest.approx((-1.04, 1.04))
    assert common_range(pd.DataFrame({"lo": [np.nan], "hi": [np.inf]})) == (-1.0, 1.0)


def test_many_vanished_distributions_do_not_push_a_healthy_one_off_the_axis():
    vanished = pd.DataFrame({"lo": [-1e-10] * 30, "hi": [1e-10] * 30})
    low, high = common_range(pd.concat([vanished, pd.DataFrame({"lo": [-4.0], "hi": [4.0]})]))
    assert low < -4 < 4 < high
    low, high = common_range(vanished)
    assert 1e-10 < high < 2e-10
