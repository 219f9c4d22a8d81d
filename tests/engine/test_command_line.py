"""What the commands print, and where: nothing when asked for nothing, on any locale, and a full disk is a failure."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from engine.__main__ import app
from engine.device import choose_device
from engine.execution.forecast import BATCH_SECONDS, forecast
from engine.grid.spec import Grid
from store import Layout

GRID = """
[[study]]
kind = "{kind}"
dataset = "digits"
width = 8
depth = 2
batch_size = 8
init = "xavier"
activation = "tanh"
{more}
"""


def grid(kind="propagation", **more):
    lines = "\n".join(f"{key} = {value}" for key, value in more.items())
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
    from engine.studies.propagation import Propagation

    def broken(self, cells, device, progress):
        raise ArithmeticError("no such luck")

    monkeypatch.setattr(Propagation, "run", broken)
    (tmp_path / "tiny.toml").write_text(grid())
    command = ["run", str(tmp_path / "tiny.toml"), "--store", str(tmp_path / "grid.duckdb"), "--quiet"]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "1 failed" in done.stderr


@pytest.mark.parametrize("kind", ["propagation", "training"])
def test_a_plan_counts_what_small_batches_take(kind, tmp_path):
    """One batch per seed, each of them tiny: hundreds of them are no matter of a moment."""
    more = {"lr": 0.1} if kind == "training" else {}

    def seconds(seeds, **changes):
        cells = Grid.from_toml(grid(kind, seed=list(range(seeds)), **more, **changes))
        return forecast(cells, Layout.at(tmp_path / "new.duckdb"), choose_device("cpu"))

    steps = {"steps": 5} if kind == "training" else {}
    one, many = seconds(1, **steps), seconds(200, **steps)
    assert many.seconds > one.seconds >= BATCH_SECONDS
    if kind == "propagation":
        assert many.batches == 200
        assert many.seconds > 100 * one.seconds
    else:
        # Steps follow each other: their time does not depend on how small they are.
        assert seconds(1, steps=5000).seconds > 100 * (one.seconds - BATCH_SECONDS)


@pytest.mark.parametrize(("count", "shown"), [(0, "none"), (1, "less than 1 s"), (300, " s, at")])
def test_a_plan_never_says_that_work_takes_no_time(count, shown, tmp_path):
    file = tmp_path / "tiny.toml"
    file.write_text(grid(seed=list(range(max(count, 1)))))
    store = ["--store", str(tmp_path / "grid.duckdb")]
    if not count:
        CliRunner().invoke(app, ["run", str(file), *store, "--quiet"])
    done = CliRunner().invoke(app, ["plan", str(file), *store], env={"COLUMNS": "200"})
    (line,) = [line for line in done.stdout.splitlines() if "expected time" in line]
    assert shown in line
    assert " 0 s" not in line


def test_any_locale_and_a_full_disk():
    command = f"{sys.executable} -m engine list"
    for environment in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = subprocess.run(
            ["bash", "-c", f"{command} presets --json"], capture_output=True, check=False, env=os.environ | environment
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert "smoke" in {entry["signature"] for entry in json.loads(done.stdout)}
    shown = subprocess.run(
        ["bash", "-c", f"{command} activations"], capture_output=True, check=False, env=os.environ | environment
    )
    assert (shown.returncode, shown.stderr) == (0, b"")
    full = subprocess.run(["bash", "-c", f"{command} presets > /dev/full"], capture_output=True, check=False)
    assert (full.returncode, full.stderr) == (1, b"stdout: No space left on device\n")
