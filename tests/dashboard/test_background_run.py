"""`goldilocks dashboard --reference --compute GRID`: pages at once, the rest meanwhile, and one signal ends all."""

import signal
import time
import urllib.request
from contextlib import suppress

import psutil
import pytest

from goldilocks import store
from goldilocks.store.exchange import reference
from tests.breadth import few
from tests.browser.server import forked

ENDLESS = """
name = "endless"
[[study]]
kind = "training"
dataset = "digits"
width = 16
depth = 2
init = "kaiming"
activation = "relu"
lr = 0.1
batch_size = 64
steps = 2000000
"""


def engine():
    """Return the process in which the engine runs, or None."""
    return command("run")


def command(word):
    """Return the process in which a command runs, or None."""
    for one in psutil.Process().children(recursive=True):
        # One that has just ended has no command line any more.
        with suppress(psutil.Error):
            if word in one.cmdline():
                return one
    return None


def until(condition):
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def cells(path):
    return len(store.done_cells(store.Layout.at(path)))


@pytest.mark.essential("what `make run` does")
def test_pages_are_served_while_a_grid_is_computed_and_after(tmp_path):
    grid, path = tmp_path / "short.toml", tmp_path / "grid.duckdb"
    grid.write_text(ENDLESS.replace("steps = 2000000", "steps = 20"))
    with forked(path, "--compute", str(grid)) as url:
        assert engine() is not None
        until(lambda: engine() is None)
        assert urllib.request.urlopen(url).status == 200
    assert cells(path) == 1


@pytest.mark.parametrize("end", few([signal.SIGTERM, signal.SIGINT], 1))
def test_what_ends_the_server_ends_the_run(tmp_path, end):
    grid, path = tmp_path / "endless.toml", tmp_path / "grid.duckdb"
    grid.write_text(ENDLESS)
    with forked(path, "--compute", str(grid), end=end):
        until(lambda: store.writer(store.Layout.at(path)) or engine() is None)
        assert engine() is not None
    assert engine() is None
    assert store.writer(store.Layout.at(path)) is None


def test_the_reference_comes_first(tmp_path):
    grid, path = tmp_path / "short.toml", tmp_path / "grid.duckdb"
    grid.write_text(ENDLESS.replace("steps = 2000000", "steps = 20"))
    with forked(path, "--reference", "--compute", str(grid)) as url:
        assert command("import") is not None
        assert engine() is None
        assert urllib.request.urlopen(url).status == 200
        until(lambda: engine() is not None)
        assert reference.is_known(store.Layout.at(path))
        until(lambda: engine() is None)
    assert cells(path) > 1
    assert len(store.Layout.at(path).snapshot_numbers()) == 2


def test_nothing_follows_what_was_ended(tmp_path):
    grid, path = tmp_path / "endless.toml", tmp_path / "grid.duckdb"
    grid.write_text(ENDLESS)
    with forked(path, "--reference", "--compute", str(grid)):
        assert command("import") is not None
    assert command("import") is None
    assert engine() is None
    assert store.writer(store.Layout.at(path)) is None


def test_pages_are_served_where_the_grid_is_refused(tmp_path):
    with forked(tmp_path / "grid.duckdb", "--compute", "demmo") as url:
        until(lambda: engine() is None)
        assert urllib.request.urlopen(url).status == 200
