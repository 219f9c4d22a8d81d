"""A run from outside: what it leaves behind, that it resumes, and that killing it costs at most the batch in flight."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from goldilocks import store
from tests.engine import commands

# Many small batches: widths and depths differ, so that a kill finds the run between and inside them.
GRID = """
[[study]]
kind = "propagation"
width = [16, 24]
depth = [2, 3]
batch_size = 16
init = ["xavier", "kaiming"]
activation = ["tanh", "relu"]

# Deep enough for the notes' slip to overflow.
[[study]]
kind = "propagation"
width = 64
depth = 28
batch_size = 16
init = ["kaiming_slip", "xavier"]
activation = ["tanh", "relu"]
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = [16, 24]
depth = [2, 3]
init = "kaiming"
activation = ["tanh", "relu"]
norm = ["none", "batch"]
lr = [0.1, 1000.0]
batch_size = 32
steps = 20
"""

LOGGED = 21
CELLS = 2 * 2 * 2 * 2 + 2 * 2 * 2 + 2 * 2 * 2 * 2 * 2

# A reader that opens the file again and again; it prints an error, or a state that only half a write could show.
READER = """
import sys, time, duckdb
path, seen = sys.argv[1], 0
while True:
    try:
        connection = duckdb.connect(path, read_only=True)
    except duckdb.IOException as error:
        if "does not exist" in str(error) and seen == 0:
            time.sleep(0.05)
            continue
        raise
    cells, orphans, gaps = connection.execute('''
        SELECT (SELECT count(*) FROM cells),
               (SELECT count(*) FROM layers ANTI JOIN cells USING (cell_id)),
               (SELECT count(*) FROM cells WHERE study = 'propagation' AND depth <>
                       (SELECT count(*) FROM layers WHERE layers.cell_id = cells.cell_id))''').fetchone()
    connection.close()
    assert orphans == 0 and gaps == 0 and cells >= seen, (cells, seen, orphans, gaps)
    seen = cells
    print(cells, flush=True)
    # All the time it would take half of the machine from who writes.
    time.sleep(0.25)
"""


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    path = tmp_path_factory.mktemp("grid") / "many.toml"
    path.write_text(GRID)
    return path


@pytest.fixture(scope="module")
def undisturbed(grid, tmp_path_factory):
    path = tmp_path_factory.mktemp("undisturbed") / "grid.duckdb"
    return path, commands.run(grid, path)


INCIDENTAL = "run_id, seconds, batch, batch_place, batch_cells, worker"


def contents(path):
    """Return every measured table, in a fixed order, without what may differ between runs."""
    with store.open(path) as handle:
        return {
            "cells": handle.query(f"SELECT * EXCLUDE ({INCIDENTAL}) FROM cells ORDER BY cell_id").df(),
            "layers": handle.query("SELECT * FROM layers ORDER BY cell_id, layer").df(),
            "layer_histograms": handle.query("SELECT * FROM layer_histograms ORDER BY cell_id, layer, tap").df(),
            "curves": handle.query("SELECT * FROM curves ORDER BY cell_id, step").df(),
        }


def assert_same(one, other):
    for table, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[table], check_exact=True, obj=table)


@pytest.mark.essential("outside scripts read it")
def test_the_summary_is_the_contracts(undisturbed):
    path, summary = undisturbed
    keys = "run_id grid device device_name cells_total cells_cached cells_computed cells_diverged cells_failed seconds"
    assert list(summary) == [*keys.split(), "cell_steps_per_second", "store", "snapshot"]
    assert summary["cells_computed"] == summary["cells_total"] == CELLS
    assert summary["cells_failed"] == 0 < summary["cells_diverged"]
    assert summary["store"] == str(path)


def test_provenance_is_recorded(undisturbed):
    path, summary = undisturbed
    with store.open(path) as handle:
        (run,) = handle.query("SELECT * FROM runs").df().to_dict("records")
        schemes = handle.query("SELECT count(*) FROM schemes").fetchall()[0][0]
    assert run["run_id"] == summary["run_id"]
    assert run["status"] == "done"
    assert run["grid_text"] == GRID
    assert run["ended_at"] > run["started_at"]
    for column in ("code_version", "torch_version", "device", "device_name", "device_reason", "dtype", "host"):
        assert run[column], column
    assert re.fullmatch("[0-9a-f]{16}", run["code_digest"])
    assert json.loads(run["packages"])["torch"].partition("+")[0] == run["torch_version"].partition("+")[0]
    assert "PCG64DXSM" in run["seed_scheme"]
    assert run["platform"]
    assert schemes > 20


@pytest.mark.essential("resuming")
def test_running_again_computes_nothing(grid, undisturbed):
    path, _ = undisturbed
    before = contents(path)
    summary = commands.run(grid, path)
    assert (summary["cells_cached"], summary["cells_computed"]) == (summary["cells_total"], 0)
    assert_same(before, contents(path))


def test_fresh_computes_everything_again_with_the_same_values(grid, undisturbed, tmp_path):
    path, _ = undisturbed
    shutil.copytree(path.parent, tmp_path / "copy", symlinks=True)
    own = tmp_path / "copy" / "grid.duckdb"
    summary = commands.run(grid, own, "--fresh")
    assert summary["cells_computed"] == summary["cells_total"]
    assert_same(contents(path), contents(own))


def test_killed_and_started_again_it_ends_like_an_undisturbed_run(grid, undisturbed, tmp_path):
    path = tmp_path / "grid.duckdb"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    journal, chance = tmp_path / "grid.duckdb.store" / "journal", random.Random(0)
    kills = 0
    try:
        while True:
            process = commands.start("run", grid, "--store", path, "--json", "--quiet")
            progress = len(list(journal.glob("0*"))) + chance.randint(8, 11)
            while process.poll() is None and len(list(journal.glob("0*"))) < progress:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.1))
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
        said, complaint = process.communicate()
        assert process.returncode == 0, complaint
        time.sleep(0.5)
        assert reader.poll() is None, reader.communicate()[1]
    finally:
        reader.kill()
        out, err = reader.communicate()
    assert kills > 0
    assert err == ""
    assert int(out.split()[-1]) == CELLS
    assert_same(contents(undisturbed[0]), contents(path))
    with store.open(path) as handle:
        states = [status for (status,) in handle.query("SELECT status FROM runs ORDER BY started_at").fetchall()]
    assert set(states[:-1]) <= {"killed"}
    # One that finds everything computed is not on record; who computed the last may have been killed at its very end.
    assert states[-1] == "done" or not json.loads(said)["cells_computed"]


@pytest.mark.essential("Ctrl-C in the middle of a run")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_finished_batches(grid, tmp_path, sign):
    path = tmp_path / "grid.duckdb"
    process = commands.start("run", grid, "--store", path, "--json", "--quiet")
    journal = tmp_path / "grid.duckdb.store" / "journal"
    deadline = time.monotonic() + 600
    while len(list(journal.glob("0*"))) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(sign)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    summary = json.loads(out)
    assert 0 < summary["cells_computed"] < summary["cells_total"]
    with store.open(path) as handle:
        assert handle.query("SELECT count(*) FROM cells").fetchall() == [(summary["cells_computed"],)]
        assert handle.query("SELECT status FROM runs").fetchall() == [("interrupted",)]


def test_a_second_run_on_the_same_store_is_refused(grid, tmp_path):
    path = tmp_path / "grid.duckdb"
    first = commands.start("run", grid, "--store", path, "--json", "--quiet")
    try:
        lock = tmp_path / "grid.duckdb.store" / "writer.json"
        while not lock.exists():
            assert first.poll() is None
            time.sleep(0.01)
        second = commands.start("run", grid, "--store", path, "--json", "--quiet")
        out, err = second.communicate(timeout=600)
        assert (second.returncode, out) == (2, "")
        assert str(first.pid) in err
    finally:
        first.kill()
        first.communicate()


def test_divergence_is_recorded_with_its_step_and_stops_no_neighbour(undisturbed):
    with store.open(undisturbed[0]) as handle:
        outcomes = handle.query("SELECT * FROM outcomes").df()
        curves = handle.query("SELECT * FROM convergence WHERE lr = 1000").df()
    assert not outcomes[outcomes.lr < 1].diverged.any()
    diverged = outcomes[outcomes.diverged]
    assert len(diverged) > 0
    assert diverged.diverged_at_step.between(1, 20).all()
    assert (outcomes[~outcomes.diverged].diverged_at_step.isna()).all()
    for _, row in diverged.iterrows():
        curve = curves[curves.cell_id == row.cell_id].set_index("step")
        assert len(curve) == LOGGED
        finite = np.isfinite(curve.train_loss) & np.isfinite(curve.test_loss)
        assert finite[curve.index < row.diverged_at_step].all()
        # At a logged step the test loss may still be finite, and the minibatch after it not.
        assert not finite[curve.index > row.diverged_at_step].any()
        assert not finite.all()


def test_a_propagation_cell_diverged_exactly_when_one_of_its_statistics_is_not_finite(undisturbed):
    with store.open(undisturbed[0]) as handle:
        measured = "* EXCLUDE (theory_std, theory_std_band, theory_grad_rms, theory_grad_band, theory_weight_grad_rms)"
        layers = handle.query(f"SELECT {measured} FROM layers").df().set_index("cell_id")
        cells = handle.query("SELECT * FROM cells WHERE study = 'propagation'").df().set_index("cell_id")
    finite = np.isfinite(layers.astype(float)).all(axis=1).groupby("cell_id").all()
    expected = finite.map({True: "done", False: "diverged"})
    assert dict(cells.status) == dict(expected)
    # Enough layers of the notes' slip overflow float32: the two groups are both there, so a mix-up would show.
    assert 0 < (~finite).sum() < len(finite)


# Two cells of one study, and one batch of eight of the other.
SMALL = """
[[study]]
kind = "propagation"
width = 16
depth = 2
batch_size = 16
init = ["xavier", "kaiming"]
activation = "tanh"

[[study]]
kind = "training"
dataset = "digits"
width = 16
depth = 2
init = ["xavier", "kaiming"]
activation = "tanh"
lr = [0.01, 0.1]
batch_size = 32
steps = 2
seed = [0, 1]
"""


@pytest.mark.essential("one bad member must not cost the others")
def test_a_failing_batch_is_recorded_and_the_rest_goes_on(tmp_path, monkeypatch):
    from goldilocks import engine
    from goldilocks.engine.studies.training import Training

    def broken(self, cells, device, progress):
        raise ArithmeticError("no such luck")

    monkeypatch.setattr(Training, "run", broken)
    grid = engine.Grid.from_toml(SMALL, "small")
    summary = engine.run(grid, tmp_path / "grid.duckdb")
    assert summary["cells_failed"] == 8
    with store.open(tmp_path / "grid.duckdb") as handle:
        found = handle.query("SELECT study, status, any_value(error), count(*) FROM cells GROUP BY ALL").df()
        assert handle.query("SELECT status FROM runs").fetchall() == [("failed",)]
    assert set(found[found.study == "training"].status) == {"failed"}
    assert "ArithmeticError: no such luck" in found[found.study == "training"].iloc[0, 2]
    monkeypatch.undo()
    again = engine.run(grid, tmp_path / "grid.duckdb")
    assert (again["cells_cached"], again["cells_computed"], again["cells_failed"]) == (2, 8, 0)


@pytest.mark.essential("no other test runs out of memory")
def test_out_of_memory_halves_the_batch_and_goes_on(tmp_path, monkeypatch):
    from goldilocks import engine
    from goldilocks.engine.studies.training import Training

    right, sizes = Training.run, []

    def narrow(self, cells, device, progress):
        sizes.append(len(cells))
        if len(cells) > 3:
            raise MemoryError("too many at once")
        return right(self, cells, device, progress)

    monkeypatch.setattr(Training, "run", narrow)
    summary = engine.run(engine.Grid.from_toml(SMALL, "small"), tmp_path / "grid.duckdb")
    assert summary["cells_failed"] == 0
    assert summary["cells_computed"] == summary["cells_total"]
    with store.open(tmp_path / "grid.duckdb") as handle:
        assert handle.query("SELECT count(*) FROM cells").fetchall() == [(summary["cells_total"],)]
    assert {2, 4, 8} <= set(sizes)


def test_plan_computes_nothing_and_knows_what_is_done(grid, undisturbed, tmp_path):
    def forecast(path):
        process = commands.start("plan", grid, "--store", path, "--json")
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        return json.loads(out)

    nothing, everything = forecast(tmp_path / "new.duckdb"), forecast(undisturbed[0])
    assert (nothing["cells"], nothing["done"]) == (CELLS, 0)
    assert nothing["batches"] > 1
    assert nothing["flops"] > 0 < nothing["seconds"]
    assert (everything["done"], everything["batches"], everything["flops"]) == (CELLS, 0, 0)
    assert os.listdir(tmp_path) == []
