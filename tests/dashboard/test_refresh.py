"""Refreshing from the browser: planned, started once, watched, cancelled with finished work kept."""

import os
import subprocess
import sys
import time

import pytest

import store
from dashboard import refresh

TINY = """
[[study]]
kind = "propagation"
width = 16
depth = 3
batch_size = 8
init = ["xavier", "kaiming"]
activation = "tanh"
seed = [0, 1, 2]
"""
LONG = """
[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [2, 20]
init = "xavier"
activation = "relu"
batch_size = 64
lr = 0.1
steps = 100000
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(tmp_path / "grid.duckdb"))
    yield tmp_path / "grid.duckdb"
    if run := refresh.latest():
        refresh.cancel(run)
        run.process.wait(timeout=60)


def wait(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def test_a_grid_is_planned_computed_and_reported(path):
    grid = refresh.keep(TINY)
    planned = refresh.plan(grid)
    assert (planned["cells"], planned["done"]) == (6, 0)
    assert not path.exists()
    run = refresh.start(grid, planned["cells"])
    run.process.wait(timeout=120)
    assert run.done() == 6
    assert refresh.summary(run)["cells_computed"] == 6
    with store.open() as handle:
        assert handle.query("SELECT count(*) FROM cells").fetchall() == [(6,)]
    assert refresh.plan(grid)["done"] == 6


def test_a_run_is_started_once_and_cancelled(path):
    run = refresh.start(refresh.keep(LONG), 2)
    wait(lambda: store.writer(store.Layout.at()) is not None)
    with pytest.raises(refresh.Refused, match="going on already"):
        refresh.start("smoke", 1)
    refresh.cancel(run)
    assert run.process.wait(timeout=60) == 130
    assert refresh.running() is None
    assert refresh.latest() is run


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[[study]]\nkind = 'propagtion'", "propagation"), ("not toml at all [", "not valid TOML"), ("", "study")],
)
def test_a_wrong_grid_is_refused_with_the_engines_sentence(path, text, reason):
    with pytest.raises(refresh.Refused, match=reason):
        refresh.plan(refresh.keep(text))


def test_a_server_that_ends_leaves_nothing_behind(tmp_path):
    code = "from dashboard import refresh; print(refresh.keep('x = 1'))"
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
