"""Functions are imported only when the command names it: not for a grid file, and not for a store."""

import hashlib
import json
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from goldilocks import engine
from goldilocks.engine.__main__ import app
from goldilocks.engine.execution.rebuilding import cell_of
from goldilocks.engine.execution.verify import verify
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.networks.backbone import Backbone
from goldilocks.engine.networks.factories import named
from tests.engine.commands import start
from tests.store.builder import RUN, Batch, write

GRID = """
[[study]]
kind = "backbone_transfer"
network = {network!r}
dataset = "digits-28"
scheme = "last_layer"
per_class = 2
depth = 1
width = 4
batch_size = 8
init = "kaiming"
activation = "relu"
lr = 0.1
steps = 1
"""
# Modules that leave a file when they are imported or called; the last two are somebody's real ideas.
TRAP = """
from pathlib import Path
Path(__file__).with_suffix(".imported").touch()

def call():
    Path(__file__).with_suffix(".called").touch()
"""
NETWORKS = [
    "trap:call",
    "backbone(factory='trap:call', weights='000000000000')",
    "backbone(weights='000000000000', factory='trap:call')",
    " trap:call",
    "os:abort",
    "http.server:test",
]


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A module that would be found, and what says whether anything was done with it."""
    (tmp_path / "trap.py").write_text(TRAP)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    yield SimpleNamespace(folder=tmp_path, sprung=lambda: [one.name for one in tmp_path.glob("trap.*ed")])
    sys.modules.pop("trap", None)


def refused(*arguments):
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 2, done.output
    assert isinstance(done.exception, SystemExit)
    return done.stderr


@pytest.mark.parametrize("network", NETWORKS)
def test_a_grid_cannot_name_a_function(trap, network):
    with pytest.raises(engine.RequestError, match=r"only when the command names it|not of the form"):
        Grid.from_toml(GRID.format(network=network))
    assert not trap.sprung()


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_no_command_imports_what_a_grid_names(trap, verb):
    (trap.folder / "grid.toml").write_text(GRID.format(network="trap:call"))
    grid, path = trap.folder / "grid.toml", trap.folder / "grid.duckdb"
    assert "--backbone" in refused(verb, grid, "--store", path)
    # Another function than the one that is named.
    assert "--backbone" in refused(verb, grid, "--store", path, "--backbone", "trap:other")
    assert not (trap.folder / "trap.called").exists()


def test_a_process_that_plans_imports_nothing_either(trap):
    """With the folder of the trap where Python looks for modules."""
    (trap.folder / "grid.toml").write_text(GRID.format(network="trap:call"))
    process = start("plan", trap.folder / "grid.toml", "--store", trap.folder / "grid.duckdb")
    _, err = process.communicate(timeout=600)
    assert (process.returncode, "Traceback" in err) == (2, False)
    assert "--backbone" in err
    assert not trap.sprung()


def stored(folder, spec):
    """Return a store with one cell, whose spec is as it is given."""
    batch = Batch().run()
    cell_id = batch.cell("backbone_transfer", run_id=RUN)
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    batch.rows["cells"][-1] |= {"spec": text, "cell_id": hashlib.sha256(text.encode()).hexdigest()[:16]}
    assert cell_id
    return write(folder / "grid.duckdb", batch), batch.rows["cells"][-1]


def spec_of(factory):
    from tests.engine.test_backbone import HERE

    with named(f"{HERE}:small"):
        (cell,) = Grid.from_toml(GRID.format(network=f"{HERE}:small")).cells
    return cell.spec | {"network": {"name": "backbone", "factory": factory, "weights": "000000000000"}}


def test_verify_does_not_import_what_a_store_names(trap):
    layout, row = stored(trap.folder, spec_of("trap:call"))
    with pytest.raises(engine.RequestError, match="--backbone"):
        cell_of(row)
    (verdict,) = verify([row["cell_id"]], store=layout.path)
    assert "--backbone" in verdict.obstacle
    done = CliRunner().invoke(app, ["verify", row["cell_id"], "--store", str(layout.path)])
    assert (done.exit_code, "--backbone" in done.output) == (1, True)
    assert not trap.sprung()


@pytest.mark.parametrize(
    "spec",
    [
        {},
        [],
        {"study": "no_such_study"},
        {"study": ["propagation"]},
        {"study": "propagation", "depth": -1, "__class__": "os"},
        {"study": "propagation", "init": {"factory": "os:abort"}},
        {"study": "training", "network": {"name": {"name": {}}}},
    ],
    ids=str,
)
def test_a_spec_that_is_none_is_refused_in_a_sentence(spec):
    with pytest.raises(engine.RequestError):
        cell_of({"cell_id": "abc", "spec": json.dumps(spec)})


def test_what_the_command_names_is_called(trap):
    """The trap returns no module: the refusal comes after the call."""
    layout, row = stored(trap.folder, spec_of("trap:call"))
    words = ["verify", row["cell_id"], "--store", str(layout.path), "--backbone", "trap:call"]
    assert "an nn.Module is required" in CliRunner().invoke(app, words).output
    assert set(trap.sprung()) == {"trap.imported", "trap.called"}


def test_what_one_call_named_the_next_one_may_not():
    from tests.engine.test_backbone import HERE

    with named(f"{HERE}:small"):
        network = Backbone.parse(f"{HERE}:small")
    with pytest.raises(engine.RequestError, match="only when the command names it"):
        Backbone.parse(f"{HERE}:small")
    with pytest.raises(engine.RequestError, match="only when the command names it"):
        network.module()
