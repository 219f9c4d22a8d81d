"""The table of runs is filtered and sorted by choices of the address."""

import pandas as pd
import pytest

from goldilocks.dashboard import run_table
from goldilocks.dashboard.run_table import ANY, ORDERS, arranged
from tests.dashboard.opening import open_page
from tests.store.builder import Batch, write

RUNS = pd.DataFrame(
    {
        "run_id": ["d", "c", "b", "a"],
        "grid": ["demo", "lecture", "demo", None],
        "status": ["done", "failed", "failed", "done"],
        "started_at": pd.to_datetime(["2026-04-01", "2026-03-01", "2026-02-01", None]),
        "seconds": [1.0, 30.0, float("nan"), 2.0],
        "cells_computed": [1, 1, 5, 0],
        "cells_failed": [0, 2, 7, 0],
        "cells_diverged": [0, 0, 1, 3],
        "device_name": "CPU",
        "host": "here",
    }
)


@pytest.mark.parametrize("order", ORDERS)
def test_runs_are_sorted_and_those_without_a_value_come_last(order):
    column, down = ORDERS[order]
    found = arranged(RUNS, {}, order)
    values = list(found[column].dropna())
    assert values == sorted(values, reverse=down)
    assert found[column].isna().tolist() == sorted(found[column].isna())
    assert sorted(found["run_id"]) == sorted(RUNS["run_id"])


def test_runs_that_are_alike_keep_their_order():
    assert list(arranged(RUNS, {}, "most cells computed first")["run_id"]) == ["b", "d", "c", "a"]


def test_filters_hold_together():
    assert list(arranged(RUNS, {"grid": "demo", "status": "failed"}, "latest first")["run_id"]) == ["b"]
    assert len(arranged(RUNS, dict.fromkeys(run_table.FILTERS, ANY), "latest first")) == len(RUNS)


def test_the_address_filters_and_sorts(tmp_path, monkeypatch):
    batch = Batch().run(run_id="1" * 8, grid="demo", seconds=5.0).run(run_id="2" * 8, grid="smoke", seconds=9.0)
    path = write(tmp_path / "grid.duckdb", batch.run(run_id="3" * 8, grid="smoke", seconds=7.0)).path
    app = open_page("runs", path, monkeypatch, runs_grid="smoke", runs_order="longest first")
    assert not app.exception
    (table,) = [one.value for one in app.dataframe if "run_id" in one.value]
    assert list(table["seconds"]) == [9.0, 7.0]
    assert not app.warning
