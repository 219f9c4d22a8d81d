"""A cell can be computed again from the store alone, and a changed bit does not go unnoticed."""

import json
import re
import shlex
import shutil
import time

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from goldilocks import store
from goldilocks.engine.__main__ import app
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.comparison import differences
from goldilocks.engine.execution.provenance import Process, RunRecord
from goldilocks.engine.execution.verify import verify
from tests import warm
from tests.store.builder import rewritten

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
seed = [0, 1]

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
seed = [0, 1, 2, 3, 4, 5]
"""
CELLS = 8 + 24


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    from goldilocks import engine

    path = tmp_path_factory.mktemp("verify") / "grid.duckdb"
    engine.run(engine.Grid.from_toml(GRID, "verify"), path)
    return path


@pytest.fixture
def own(computed, tmp_path):
    shutil.copytree(computed.parent, tmp_path / "own", symlinks=True)
    return tmp_path / "own" / "grid.duckdb"


def alter(path, statement):
    with rewritten(path.resolve()) as connection:
        connection.execute(statement)


def some(path, study, *statuses):
    """Return the ids of a study's cells, in a fixed order."""
    sql = "SELECT cell_id FROM cells WHERE study = $study AND status IN $statuses ORDER BY cell_id"
    with store.open(path) as handle:
        return [cell for (cell,) in handle.query(sql, study=study, statuses=list(statuses)).fetchall()]


def one(path, study, status="done"):
    return some(path, study, status)[0]


def changed(computed, folder, changes, before=""):
    """Change another cell of a copy of the store for each name, and return what verifying says of each.

    Args:
        computed: the store.
        folder: where its copy goes.
        changes: by name, the study of the cell that is changed, and statements of which each ends in a condition.
        before: what is changed in all cells.
    """
    shutil.copytree(computed.parent, folder / "changed", symlinks=True)
    path = folder / "changed" / "grid.duckdb"
    cells = {study: some(path, study, "done") for study in ("propagation", "training")}
    chosen = {name: cells[study].pop() for name, (study, _) in changes.items()}
    alter(path, before + "; ".join(f"{changes[name][1]} AND cell_id = '{cell}'" for name, cell in chosen.items()))
    verdicts = {verdict.cell_id: verdict for verdict in verify(chosen.values(), store=path)}
    return {name: verdicts[cell] for name, cell in chosen.items()}


@pytest.mark.essential("all studies, computed twice")
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
    "layers.theory_std": ("propagation", "UPDATE layers SET theory_std = NULL WHERE true"),
    "layers.mean": ("propagation", "UPDATE layers SET mean = -mean WHERE layer = 1"),
    "layers, number of rows": ("propagation", "DELETE FROM layers WHERE layer = 4"),
    "layer_histograms.counts": ("propagation", "UPDATE layer_histograms SET counts = list_reverse(counts) WHERE true"),
    "layer_histograms.overflow": ("propagation", "UPDATE layer_histograms SET overflow = overflow + 1 WHERE true"),
    "curves.test_loss": ("training", "UPDATE curves SET test_loss = nextafter(test_loss, 9::FLOAT) WHERE step = 4"),
    "curves.grad_norm": ("training", "UPDATE curves SET grad_norm = 'nan' WHERE step = 0"),
    "cells, (diverged, diverged_at_step)": ("training", "UPDATE cells SET diverged_at_step = 3 WHERE true"),
}


@pytest.fixture(scope="module")
def after_changes(computed, tmp_path_factory):
    return changed(computed, tmp_path_factory.mktemp("changes"), CHANGES)


@pytest.mark.essential("what verifying is for")
@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_bit_is_noticed_and_named(after_changes, column):
    verdict = after_changes[column]
    assert {difference.column for difference in verdict.differences} == {column}
    assert column in str(verdict)


ON_CUDA = "UPDATE runs SET device = 'cuda:0', device_name = 'NVIDIA H100'"
SMALL = """
    UPDATE layers SET std = std * 1.0001, mean = mean + 1e-4 * rms, grad_rms = grad_rms * 1.01;
    UPDATE curves SET test_loss = test_loss * (1 + 1e-6) WHERE step > 0;
    UPDATE layer_histograms SET overflow = overflow + 1;
"""
LARGE = {
    "layers.std": ("propagation", "UPDATE layers SET std = std * 1.02 WHERE layer = 3"),
    "layers.mean": ("propagation", "UPDATE layers SET mean = mean + 0.02 * rms WHERE true"),
    "layers.grad_rms": ("propagation", "UPDATE layers SET grad_rms = grad_rms * 2 WHERE layer = 1"),
    "layer_histograms.counts": (
        "propagation",
        "UPDATE layer_histograms SET counts = list_reverse(counts) WHERE tap = 'act'",
    ),
    "curves.test_loss": ("training", "UPDATE curves SET test_loss = test_loss * 1.2 WHERE step = 4"),
    "curves.train_accuracy": (
        "training",
        "UPDATE curves SET train_accuracy = train_accuracy + 0.2 WHERE step = 0",
    ),
    "cells, (diverged, diverged_at_step)": ("training", "UPDATE cells SET diverged_at_step = 3 WHERE true"),
}


def test_what_another_kind_of_device_computed_is_compared_within_rounding(own):
    cells = [one(own, "propagation"), one(own, "training"), one(own, "training", "diverged")]
    alter(own, f"{ON_CUDA}; {SMALL}")
    verdicts = list(verify(cells, store=own))
    assert {verdict.inexact.partition(",")[0] for verdict in verdicts} == {"device_name was NVIDIA H100"}
    assert [str(verdict) for verdict in verdicts if not verdict.agrees] == []


@pytest.fixture(scope="module")
def far_off(computed, tmp_path_factory):
    return changed(computed, tmp_path_factory.mktemp("large"), LARGE, before=f"{ON_CUDA};")


@pytest.mark.parametrize("column", LARGE)
def test_what_rounding_does_not_explain_is_noticed_on_another_kind_of_device_too(far_off, column):
    assert column in [difference.column for difference in far_off[column].differences]


def curve(*losses):
    return pa.table({"step": list(range(len(losses))), "test_loss": pa.array(losses, pa.float32())})


def test_curves_are_judged_as_long_as_a_slightly_larger_learning_rate_makes_no_difference():
    stored, found = curve(2.0, 1.0, 0.5, 0.25), curve(2.01, 1.01, 1.0, 9.0)
    steady = curve(2.01, 1.011, 1.0, 9.0)
    assert [one.rows for one in differences("curves", stored, found, steady)] == [2]
    assert list(differences("curves", stored, found, curve(2.01, 1.011, 1.02, 9.0))) == []
    assert list(differences("curves", stored, found, curve(2.01, 1.011, float("nan"), 9.0))) == []
    # Before the first update there is nothing that a learning rate could do.
    assert [
        one.where for one in differences("curves", stored, curve(3.0, 1.0, 0.5, 0.25), curve(9.0, 9.0, 9.0, 9.0))
    ] == ["step=0"]


def test_a_batch_that_is_not_whole_is_compared_within_rounding(own):
    cell, other = one(own, "training"), one(own, "training", "diverged")
    alter(own, f"UPDATE cells SET batch = NULL WHERE cell_id = '{other}'")
    verdicts = {verdict.cell_id: verdict for verdict in verify([cell, other], store=own)}
    assert {verdict.inexact for verdict in verdicts.values()} == {
        "its batch is incomplete in this store, or on this machine"
    }
    assert all(verdict.agrees for verdict in verdicts.values())


def test_a_wrong_request_is_refused(own):
    with pytest.raises(RequestError, match="no cell 'nobody'"):
        list(verify(["nobody"], store=own))
    cell = one(own, "training")
    alter(own, f"UPDATE cells SET status = 'failed' WHERE cell_id = '{cell}'")
    with pytest.raises(RequestError, match="nothing to compare"):
        list(verify([cell], store=own))


def spec(key, value):
    return f"UPDATE cells SET spec = json_merge_patch(spec, '{{\"{key}\": {value}}}') WHERE cell_id = $cell"


HAND_MADE = {
    "other cell": ("UPDATE cells SET cell_id = 'other' WHERE cell_id = $cell", "its spec is that of cell"),
    "a text": ("UPDATE cells SET spec = '\"hello\"' WHERE cell_id = $cell", "cannot read its spec"),
    "a list": ("UPDATE cells SET spec = '[1, 2]' WHERE cell_id = $cell", "cannot read its spec"),
    "deep": (
        "UPDATE cells SET spec = repeat('[', 100000) || repeat(']', 100000) WHERE cell_id = $cell",
        "cannot read its spec",
    ),
    "null": ("UPDATE cells SET spec = 'null' WHERE cell_id = $cell", "cannot read its spec"),
    "no study": (spec("study", "null"), "cannot read its spec"),
    "unknown study": (spec("study", '"alchemy"'), "unknown study 'alchemy'"),
    "unknown axis": (spec("colour", '"red"'), "has an axis colour"),
    "axis that lacks": (spec("width", "null"), "lacks the axis width"),
    "no number": (spec("width", '"wide"'), "width = 'wide'"),
    "out of range": (spec("lr", "-1"), "lr = -1"),
    "unknown member": (spec("init", '{"name": "nothing"}'), "unknown initializer 'nothing'"),
    "nameless member": (spec("init", '{"name": null, "std": 1}'), "cannot read its spec"),
    "another member": (spec("init", '{"name": "lecun_normal"}'), "its spec is that of cell"),
    "unknown parameter": (spec("init", '{"gone": 1}'), "no parameter 'gone'"),
    "refused": (spec("norm", '{"name": "group", "groups": 7}'), "this version of Goldilocks refuses it"),
    "a plugin": (spec("init", '{"name": "timid", "plugin": "0123456789ab"}'), "give its file with --plugin FILE"),
    "a folder": (spec("dataset", '{"name": "own", "digest": "0123456789abcdef"}'), "these images were not found"),
    "too large": (spec("width", "60000"), "cell"),
}


@pytest.fixture(scope="module")
def hand_made(computed, tmp_path_factory):
    """What is said of a store in which every cell but two has been altered by hand in another way."""
    path = tmp_path_factory.mktemp("altered") / "own" / "grid.duckdb"
    shutil.copytree(computed.parent, path.parent, symlinks=True)
    neighbours = [one(path, "training"), one(path, "training", "diverged")]
    others = [cell for cell in some(path, "training", "done", "diverged") if cell not in neighbours]
    chosen = dict(zip(HAND_MADE, others, strict=False)) | {"neighbours": neighbours}
    with rewritten(path.resolve()) as connection:
        for name, (statement, _) in HAND_MADE.items():
            connection.execute(statement, {"cell": chosen[name]})
    chosen["other cell"] = "other"
    asked = [*neighbours, *(chosen[name] for name in HAND_MADE)]
    return chosen, {verdict.cell_id: verdict for verdict in verify(asked, store=path)}


@pytest.mark.parametrize("name", HAND_MADE)
def test_a_cell_that_cannot_be_made_again_is_named_with_the_reason(hand_made, name):
    chosen, verdicts = hand_made
    verdict = verdicts[chosen[name]]
    assert verdict.agrees is None
    assert HAND_MADE[name][1] in verdict.obstacle
    assert f"{chosen[name]} of run" in str(verdict)
    assert "pydantic" not in str(verdict)


def test_the_neighbours_of_cells_that_cannot_be_made_again_are_verified(hand_made):
    chosen, verdicts = hand_made
    for cell in chosen["neighbours"]:
        assert verdicts[cell].agrees
        assert "incomplete" in verdicts[cell].inexact


def test_a_cell_whose_neighbour_raises_is_verified_alone(own, monkeypatch):
    from goldilocks.engine.studies.training import Training

    right, cell, other = Training.run, one(own, "training"), one(own, "training", "diverged")

    def broken(self, cells, device, progress):
        if any(one.cell_id == other for one in cells):
            raise ArithmeticError("no such luck")
        return right(self, cells, device, progress)

    monkeypatch.setattr(Training, "run", broken)
    verdicts = {verdict.cell_id: verdict for verdict in verify([cell, other], store=own)}
    assert verdicts[cell].agrees
    assert verdicts[other].obstacle == "recomputing it raised ArithmeticError: no such luck"


PLUGIN = """
from goldilocks.engine.card import Card
from goldilocks.engine.initializers import Initializer, initializers


@initializers.register
class Meek(Initializer):
    name, card = "meek", Card("Meek", "W ~ N(0, c/fan_in)", "this test")
    c: float = 1.0

    def scale(self, fans, activation):
        return (self.c / fans.fan_in) ** 0.5
"""


def test_cells_of_a_plugin_are_verified_with_its_file_and_named_without(tmp_path):
    from goldilocks import engine
    from goldilocks.engine import plugins

    file, path = tmp_path / "meek.py", tmp_path / "grid.duckdb"
    file.write_text(PLUGIN)
    plugins.load([file])
    try:
        grid = GRID.replace('["xavier", "kaiming_slip"]', '["xavier", "meek(c=2)"]').partition('[[study]]\nkind = "tr')[
            0
        ]
        engine.run(engine.Grid.from_toml(grid, "plugin"), path)
        assert all(verdict.agrees and not verdict.inexact for verdict in verify(sample=9, store=path, plugins=[file]))
    finally:
        plugins.unload(file)
    without = CliRunner().invoke(app, ["verify", "--sample", "9", "--store", str(path)])
    assert without.exit_code == 1, without.output
    assert "give its file with --plugin FILE" in without.stdout
    assert without.stdout.endswith(
        "4 cells recomputed, 0 of them differ.\n4 cannot be verified; the reasons are listed above.\n"
    )
    given = CliRunner().invoke(app, ["verify", "--sample", "9", "--store", str(path), "--plugin", str(file), "--json"])
    plugins.unload(file)
    assert given.exit_code == 0, given.output
    assert [verdict["agrees"] for verdict in json.loads(given.stdout)] == [True] * 8
    file.write_text(PLUGIN.replace("(self.c / ", "(1.1 * self.c / "))
    changed = CliRunner().invoke(app, ["verify", "--sample", "9", "--store", str(path), "--plugin", str(file)])
    plugins.unload(file)
    assert (changed.exit_code, "give the file as it was" in changed.stdout) == (1, True)
    missing = CliRunner().invoke(app, ["verify", "--sample", "9", "--store", str(path), "--plugin", "/nowhere.py"])
    assert missing.exit_code == 2


def test_what_a_merge_advises_works(computed, tmp_path):
    from goldilocks.store.__main__ import app as store_app

    for name in ("here", "there"):
        shutil.copytree(computed.parent, tmp_path / name, symlinks=True)
    here, there = tmp_path / "here" / "grid.duckdb", tmp_path / "there" / "grid.duckdb"
    alter(there, "UPDATE layers SET std = 2 * std")
    merged = CliRunner().invoke(store_app, ["merge", str(there), "--store", str(here)])
    assert merged.exit_code == 1, merged.output
    advice = shlex.split(re.search("`goldilocks (.*)`", merged.stderr)[1])
    done = CliRunner().invoke(app, advice)
    assert done.exit_code == 0, done.output


def test_the_command_says_what_it_did(own):
    def command(*arguments):
        done = warm.run("engine", "verify", "--store", own, *arguments, text=True)
        assert "Traceback" not in done.stderr
        return done

    cell = one(own, "propagation")
    same = command(cell)
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "1 cells recomputed, 0 of them differ.")
    assert f"{cell} of run" in same.stdout
    alter(own, "UPDATE layers SET std = 2 * std")
    differs = command(cell, "--json")
    assert differs.returncode == 1
    (verdict,) = json.loads(differs.stdout)
    assert (verdict["agrees"], verdict["differences"][0]["column"]) == (False, "layers.std")
    assert (command().returncode, command("nobody").returncode) == (2, 2)


def test_a_clock_set_back_does_not_make_a_run_shorter_than_nothing(monkeypatch):
    from goldilocks import engine
    from goldilocks.engine.device import choose_device
    from goldilocks.engine.execution import provenance

    grid = engine.Grid.from_toml(GRID, "clock")
    record = RunRecord("run", grid, Process.here(choose_device("cpu")), 1, 0)
    earlier = record.started_at.replace(year=2001)
    monkeypatch.setattr(provenance, "_now", lambda: earlier)
    time.sleep(0.01)
    record.end("done")
    (row,) = record.table().to_pylist()
    assert row["ended_at"] < row["started_at"]
    assert 0 < row["seconds"] < 60
