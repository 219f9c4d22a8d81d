"""Refreshing from the browser: planned, started once, watched, cancelled with finished work kept."""

import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import psutil
import pytest

from goldilocks import store
from goldilocks.dashboard import engine_process
from tests import warm

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
    if run := engine_process.latest():
        engine_process.cancel(run)
        run.process.wait(timeout=600)


@pytest.fixture
def forked(monkeypatch):
    """The engine's processes are forked; the browser's tests, and those of their end, start real ones."""

    def start(command, *, start_new_session=False, **options):
        interpreter, dash, *module_and_more = command
        assert (interpreter, dash) == (sys.executable, "-m")
        return warm.Process(*module_and_more, **options)

    monkeypatch.setattr(engine_process, "subprocess", SimpleNamespace(**vars(subprocess) | {"Popen": start}))


def wait(condition, seconds=600):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.mark.usefixtures("forked")
def test_a_grid_is_planned_computed_and_reported(path):
    grid = engine_process.keep(TINY)
    planned = engine_process.plan(grid)
    assert (planned["cells"], planned["done"]) == (6, 0)
    assert not path.exists()
    run = engine_process.start(grid, planned["cells"])
    run.process.wait(timeout=600)
    assert run.done() == 6
    assert engine_process.summary(run)["cells_computed"] == 6
    with store.open() as handle:
        assert handle.query("SELECT count(*) FROM cells").fetchall() == [(6,)]
    assert engine_process.plan(grid)["done"] == 6


@pytest.mark.usefixtures("forked")
def test_a_run_is_started_once_and_cancelled(path):
    run = engine_process.start(engine_process.keep(LONG), 2)
    wait(lambda: store.writer(store.Layout.at()) is not None)
    with pytest.raises(engine_process.Refused, match="in progress already"):
        engine_process.start("smoke", 1)
    engine_process.cancel(run)
    assert run.process.wait(timeout=600) == 130
    assert engine_process.running() is None
    assert engine_process.latest() is run


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[[study]]\nkind = 'propagtion'", "propagation"), ("not toml at all [", "not valid TOML"), ("", "study")],
)
@pytest.mark.usefixtures("path", "forked")
def test_a_wrong_grid_is_refused_with_the_engines_sentence(text, reason):
    with pytest.raises(engine_process.Refused, match=reason):
        engine_process.plan(engine_process.keep(text))


def test_a_server_that_ends_leaves_nothing_behind(tmp_path):
    code = "from goldilocks.dashboard import engine_process; print(engine_process.keep('x = 1'))"
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


class Planners:
    """Programs in the place of planners, which say that they have begun and wait until they are let go."""

    def __init__(self, folder):
        self.folder, self.go, self.answers = folder, folder / "go", []

    def command(self, verb, grid):
        begun = self.folder / f"{grid}.begun"
        program = "while not go.exists(): time.sleep(0.02)\nprint('{}')"
        return self.python(f"pathlib.Path({str(begun)!r}).touch()\ngo = pathlib.Path({str(self.go)!r})\n{program}")

    @staticmethod
    def python(program):
        return [sys.executable, "-c", f"import os, pathlib, time\n{program}"]

    def begun(self):
        return sorted(path.stem for path in self.folder.glob("*.begun"))

    def plan(self, grid):
        def ask():
            self.answers.append((grid, engine_process.plan(grid)))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        return asking


def test_one_plans_one_waits_and_the_rest_are_told(tmp_path, monkeypatch):
    planners = Planners(tmp_path)
    monkeypatch.setattr(engine_process, "_command", planners.command)
    monkeypatch.setattr(engine_process, "_planner", threading.Lock())
    monkeypatch.setattr(engine_process, "_queue", threading.BoundedSemaphore(2))
    asking = [planners.plan("first")]
    wait(lambda: planners.begun() == ["first"])
    asking.append(planners.plan("second"))
    wait(lambda: engine_process._queue._value == 0)
    for grid in ("third", "fourth"):
        with pytest.raises(engine_process.Refused, match="one more is waiting"):
            engine_process.plan(grid)
    assert planners.begun() == ["first"]
    assert planners.answers == []
    planners.go.touch()
    for thread in asking:
        thread.join(timeout=600)
    assert planners.answers == [("first", {}), ("second", {})]
    # Whoever was told comes again.
    assert engine_process.plan("third") == {}


@pytest.mark.parametrize(
    ("limit", "value", "program", "sentence"),
    [
        ("PLAN_SECONDS", 2, "", "Planning takes longer than 2 seconds"),
        ("PLAN_BYTES", 150_000_000, "held = b'x' * 300_000_000", "Planning takes more memory than 0.15 GB"),
    ],
)
def test_planning_that_takes_too_much_is_ended_with_a_sentence(tmp_path, monkeypatch, limit, value, program, sentence):
    mark = tmp_path / "process"
    code = f"pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\n{program}\ntime.sleep(600)"
    monkeypatch.setattr(engine_process, limit, value)
    monkeypatch.setattr(engine_process, "_command", lambda verb, grid: Planners.python(code))
    with pytest.raises(engine_process.Refused, match=sentence):
        engine_process.plan("any")
    assert not mark.exists() or not psutil.pid_exists(int(mark.read_text()))
    # The next one may plan.
    monkeypatch.setattr(engine_process, "_command", lambda verb, grid: Planners.python("print('{}')"))
    monkeypatch.setattr(engine_process, limit, 10**12)
    assert engine_process.plan("any") == {}


def test_a_real_planner_is_ended_too(path, monkeypatch):
    monkeypatch.setattr(engine_process, "PLAN_BYTES", 20_000_000)
    with pytest.raises(engine_process.Refused, match="more memory"):
        engine_process.plan(engine_process.keep(TINY))
