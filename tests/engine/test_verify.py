"""A cell can be computed again from the store alone, and a changed bit does not go unnoticed."""

import json
import shutil
import subprocess
import sys
import time

import duckdb
import pytest

import store
from engine.errors import RequestError
from engine.execution import verify as verification
from engine.execution.provenance import Process, RunRecord
from engine.execution.verify import verify

# Odd sizes: their tensors are not aligned, so that a sum depends on which neighbours a cell has.
GRID = """
[[study]]
kind = "propagation"
width = 50
depth = 4
batch_size = 17
init = ["xavier", "kaiming_slip"]
activation = "tanh"
norm = ["none", "batch"]

[[study]]
kind = "training"
dataset = "digits"
width = 50
depth = 3
init = ["xavier", "kaiming"]
activation = "relu"
lr = [0.1, 100000.0]
batch_size = 17
steps = 40
seed = [0, 1, 2]
"""
CELLS = 4 + 12


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    import engine

    path = tmp_path_factory.mktemp("verify") / "grid.duckdb"
    engine.run(engine.Grid.from_toml(GRID, "verify"), path)
    return path


@pytest.fixture
def own(computed, tmp_path):
    shutil.copytree(computed.parent, tmp_path / "own", symlinks=True)
    return tmp_path / "own" / "grid.duckdb"


def alter(path, statement):
    with duckdb.connect(str(path.resolve())) as connection:
        connection.execute(statement)


def one(path, study, status="done"):
    sql = "SELECT min(cell_id) FROM cells WHERE study = $study AND status = $status"
    with store.open(path) as handle:
        return handle.query(sql, study=study, status=status).fetchall()[0][0]


def test_every_cell_comes_out_the_same_bit_for_bit(computed):
    verdicts = list(verify(sample=1000, store=computed))
    assert len({verdict.cell_id for verdict in verdicts}) == CELLS
    assert [str(verdict) for verdict in verdicts if verdict.inexact or not verdict.agrees] == []


def test_a_cell_alone_is_verified_in_the_company_it_had(computed):
    cell = one(computed, "training")
    (verdict,) = verify([cell], store=computed)
    assert (verdict.cell_id, verdict.inexact, verdict.differences) == (cell, "", ())


CHANGES = {
    "layers.std": ("propagation", "UPDATE layers SET std = nextafter(std, 9::FLOAT) WHERE layer = 3"),
    "layers.theory_std": ("propagation", "UPDATE layers SET theory_std = NULL"),
    "layers.mean": ("propagation", "UPDATE layers SET mean = -mean WHERE layer = 1"),
    "layers, number of rows": ("propagation", "DELETE FROM layers WHERE layer = 4"),
    "layer_histograms.counts": ("propagation", "UPDATE layer_histograms SET counts = list_reverse(counts)"),
    "layer_histograms.overflow": ("propagation", "UPDATE layer_histograms SET overflow = overflow + 1"),
    "curves.test_loss": ("training", "UPDATE curves SET test_loss = nextafter(test_loss, 9::FLOAT) WHERE step = 40"),
    "curves.grad_norm": ("training", "UPDATE curves SET grad_norm = 'nan' WHERE step = 0"),
    "cells, (diverged, diverged_at_step)": ("training", "UPDATE cells SET diverged_at_step = 3"),
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_bit_is_noticed_and_named(own, column):
    study, statement = CHANGES[column]
    cell = one(own, study)
    alter(own, statement)
    (verdict,) = verify([cell], store=own)
    assert column in [difference.column for difference in verdict.differences]
    assert column in str(verdict)


def test_on_other_instructions_rounding_is_passed_over_and_more_is_not(own, monkeypatch):
    monkeypatch.setattr(verification, "computing_platform", lambda: "another machine")
    cell = one(own, "propagation")
    alter(own, "UPDATE layers SET std = std * 1.0001; UPDATE curves SET test_loss = 7 WHERE step = 40")
    (verdict,) = verify([cell], store=own)
    assert "here it is another machine" in verdict.inexact
    assert verdict.agrees
    (trained,) = verify([one(own, "training")], store=own)
    assert trained.agrees
    alter(own, "UPDATE layers SET std = std * 1.1; UPDATE curves SET test_loss = 7 WHERE step = 2")
    assert not any(verdict.agrees for verdict in verify([cell, one(own, "training")], store=own))


def test_a_batch_that_is_not_whole_is_compared_within_rounding(own):
    cell, other = one(own, "training"), one(own, "training", "diverged")
    alter(own, f"UPDATE cells SET batch = NULL WHERE cell_id = '{other}'")
    verdicts = {verdict.cell_id: verdict for verdict in verify([cell, other], store=own)}
    assert {verdict.inexact for verdict in verdicts.values()} == {"its batch is not whole in this store"}
    assert all(verdict.agrees for verdict in verdicts.values())


def test_what_cannot_be_verified_is_refused(own):
    with pytest.raises(RequestError, match="no cell 'nobody'"):
        list(verify(["nobody"], store=own))
    cell = one(own, "training")
    alter(own, f"UPDATE cells SET cell_id = 'other' WHERE cell_id = '{cell}'")
    with pytest.raises(RequestError, match=f"cell other is {cell} in this version"):
        list(verify(["other"], store=own))
    alter(own, "UPDATE cells SET status = 'failed' WHERE cell_id = 'other'")
    with pytest.raises(RequestError, match="nothing to compare"):
        list(verify(["other"], store=own))


def test_the_command_says_what_it_did(own):
    def command(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "engine", "verify", "--store", own, *arguments], capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr
        return done

    cell = one(own, "propagation")
    same = command(cell)
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "1 cells computed again, 0 of them differ.")
    assert f"{cell} of run" in same.stdout
    alter(own, "UPDATE layers SET std = 2 * std")
    differs = command(cell, "--json")
    assert differs.returncode == 1
    (verdict,) = json.loads(differs.stdout)
    assert (verdict["agrees"], verdict["differences"][0]["column"]) == (False, "layers.std")
    assert (command().returncode, command("nobody").returncode) == (2, 2)


def test_a_clock_set_back_does_not_make_a_run_shorter_than_nothing(monkeypatch):
    import engine
    from engine.device import choose_device
    from engine.execution import provenance

    grid = engine.Grid.from_toml(GRID, "clock")
    record = RunRecord("run", grid, Process.here(choose_device("cpu")), 1, 0)
    earlier = record.started_at.replace(year=2001)
    monkeypatch.setattr(provenance, "_now", lambda: earlier)
    time.sleep(0.01)
    record.end("done")
    (row,) = record.table().to_pylist()
    assert row["ended_at"] < row["started_at"]
    assert 0 < row["seconds"] < 60
