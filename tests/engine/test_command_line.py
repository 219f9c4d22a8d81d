"""What the commands print, and where: nothing when asked for nothing, on any locale, and a full disk is a failure."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from goldilocks.engine.__main__ import app
from goldilocks.engine.device import choose_device
from goldilocks.engine.execution.forecast import BATCH_CALLS, forecast
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.studies import studies
from goldilocks.store import Layout
from tests import warm
from tests.breadth import each_member
from tests.pairs import in_rounds

GRID = """
[[study]]
kind = "{kind}"
dataset = "digits"
{more}
"""
SMALL = {"width": 8, "depth": 2, "batch_size": 8, "init": "xavier", "activation": "tanh"}


def grid(kind="propagation", **more):
    lines = "\n".join(f"{key} = {value!r}" for key, value in (SMALL | more).items())
    return GRID.format(kind=kind, more=lines)


def test_a_quiet_run_prints_nothing(tmp_path):
    (tmp_path / "tiny.toml").write_text(grid())
    command = ["run", str(tmp_path / "tiny.toml"), "--store", str(tmp_path / "grid.duckdb"), "--quiet"]
    for _ in range(2):
        done = CliRunner().invoke(app, command)
        assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    told = CliRunner().invoke(app, [*command, "--json"])
    assert (json.loads(told.stdout)["cells_cached"], told.stderr) == (1, "")


def test_a_quiet_run_that_fails_says_so(tmp_path, monkeypatch):
    from goldilocks.engine.studies.propagation import Propagation

    def broken(self, cells, device, progress):
        raise ArithmeticError("no such luck")

    monkeypatch.setattr(Propagation, "run", broken)
    (tmp_path / "tiny.toml").write_text(grid())
    command = ["run", str(tmp_path / "tiny.toml"), "--store", str(tmp_path / "grid.duckdb"), "--quiet"]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "1 failed" in done.stderr


@pytest.fixture
def steady(monkeypatch):
    """A machine whose speed does not depend on what else it does."""
    monkeypatch.setattr("goldilocks.engine.execution.forecast.matrix_rate", lambda device, **_: 1e11)
    monkeypatch.setattr("goldilocks.engine.execution.forecast.call_seconds", lambda device, clock: 1e-6)


def planned(tmp_path, **axes):
    cells = Grid.from_toml(grid(**axes))
    return forecast(cells, Layout.at(tmp_path / "new.duckdb"), choose_device("cpu"))


def test_a_plan_counts_batches(steady, tmp_path):
    """As many cells of the same layers: one batch per seed, or all in one."""
    separate = planned(tmp_path, seed=list(range(200)))
    together = planned(tmp_path, init=[f"normal(std={k})" for k in range(1, 201)], seed=0)
    assert (separate.batches, together.batches, separate.cells) == (200, 1, together.cells)
    assert separate.seconds - together.seconds == pytest.approx(199e-6 * BATCH_CALLS, rel=1e-3)
    assert separate.call_seconds == 1e-6


@pytest.mark.parametrize("kind", ["propagation", "training"])
def test_a_plan_counts_layers_and_updates(kind, steady, tmp_path):
    """However narrow a network is, its layers and its updates follow each other."""
    more = {"lr": 0.1, "steps": 500} if kind == "training" else {}
    shallow, deep = (planned(tmp_path, kind=kind, depth=depth, **more) for depth in (2, 102))
    times = more.get("steps", 1)
    layers = 1e-6 * studies.parse(kind).layer_calls * 100 * times
    assert deep.seconds - shallow.seconds == pytest.approx(layers, rel=0.3)
    if kind == "training":
        longer = planned(tmp_path, kind=kind, depth=2, lr=0.1, steps=1000)
        assert longer.seconds > shallow.seconds + 0.9e-6 * studies.parse(kind).layer_calls * 3 * 500


@pytest.mark.parametrize("probe", ["matrix_rate", "call_seconds"])
def test_a_plan_is_for_the_machine_as_it_is_now(probe, steady, tmp_path, monkeypatch):
    before = planned(tmp_path, width=512, depth=20)
    monkeypatch.setattr(
        f"goldilocks.engine.execution.forecast.{probe}",
        {"matrix_rate": lambda _, **__: 5e10, "call_seconds": lambda *_: 2e-6}[probe],
    )
    assert planned(tmp_path, width=512, depth=20).seconds > before.seconds


@pytest.mark.parametrize(
    ("call", "done", "shown"), [(1e-6, True, "none"), (1e-9, False, "less than 1 s"), (1e-5, False, " s, at")]
)
def test_a_plan_never_says_that_work_takes_no_time(call, done, shown, steady, tmp_path, monkeypatch):
    monkeypatch.setattr("goldilocks.engine.execution.forecast.call_seconds", lambda device, clock: call)
    file = tmp_path / "tiny.toml"
    file.write_text(grid())
    store = ["--store", str(tmp_path / "grid.duckdb")]
    if done:
        CliRunner().invoke(app, ["run", str(file), *store, "--quiet"])
    told = CliRunner().invoke(app, ["plan", str(file), *store], env={"COLUMNS": "200"})
    (line,) = [line for line in told.stdout.splitlines() if "expected time" in line]
    assert shown in line
    assert " 0 s" not in line


LOCALES = [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii"}]


@pytest.mark.parametrize(("locale", "asked"), each_member(in_rounds(LOCALES, [["activations"], ["presets", "--json"]])))
def test_any_locale_will_do(locale, asked):
    command = [sys.executable, "-m", "engine", "list", *asked]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | locale)
    assert (done.returncode, done.stderr) == (0, b"")
    if "--json" in asked:
        assert "smoke" in {entry["signature"] for entry in json.loads(done.stdout)}
    else:
        assert b"ELU" in done.stdout


def test_a_full_disk_is_a_failure():
    with open("/dev/full", "w") as full, warm.Process("engine", "list", "presets", stdout=full, stderr=-1) as listing:
        _, said = listing.communicate(timeout=600)
    assert (listing.returncode, said) == (1, b"stdout: No space left on device\n")
