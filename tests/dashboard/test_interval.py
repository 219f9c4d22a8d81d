"""Intervals over a few seeds are those of Student's t."""

import duckdb
import numpy as np
import pandas as pd
from scipy import stats

from goldilocks.dashboard.interval import banded
from goldilocks.store.reading.fragments import with_fragments

SEEDS = [*range(2, 60), 100, 1000]


def test_the_quantiles_are_students():
    ones = pd.DataFrame({"mean": 0.0, "low": 0.0, "high": 0.0, "spread": np.sqrt(SEEDS), "finite": SEEDS})
    np.testing.assert_allclose(banded(ones, "interval")["high"], stats.t.ppf(0.975, np.array(SEEDS) - 1), rtol=3e-4)


def test_the_queries_have_the_same():
    values = "SELECT seeds, unnest(range(seeds)) AS value FROM (SELECT unnest($seeds) AS seeds)"
    sql = with_fragments(
        f"SELECT seeds, avg(value) AS mean, stddev(value) AS spread, @margin(value) AS half\n FROM ({values})"
    )
    found = duckdb.execute(f"{sql} GROUP BY seeds ORDER BY seeds", {"seeds": SEEDS}).df()
    interval = banded(found.assign(finite=found["seeds"], low=0.0, high=0.0), "interval")
    np.testing.assert_allclose(found["half"], interval["high"] - interval["mean"])


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
