"""Networks of one's own are imported when a command names them, and never because a store or a grid file does."""

import hashlib
import json
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from goldilocks import engine, store
from goldilocks.engine.__main__ import app
from goldilocks.engine.diagnosis.named import named, refuse_unnamed
from goldilocks.engine.execution.rebuilding import cell_of
from goldilocks.engine.execution.verify import verify
from goldilocks.store.checks.check import check
from goldilocks.store.exchange.merge import merge
from tests.dashboard.opening import open_page
from tests.store.builder import RUN, Batch, write

GRID = """
[[study]]
kind = "diagnosis"
network = {name!r}
structure = "0"
source = "0"
weights = "0"
dataset = {name!r}
inputs = "0"
init = "as_is"
activation = "relu"
depth = 4
width = 8
batch_size = 4
loss = {name!r}
"""
# A module that leaves a file when it is imported or called.
TRAP = """
from pathlib import Path
Path(__file__).with_suffix(".imported").touch()

def call(*arguments):
    Path(__file__).with_suffix(".called").touch()
"""
NAMES = ["trap:call", "trap:call@123456", "trap.py:call", "os:abort", "hf:trap", "http.server:test"]


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A module that would be found, and what says whether anything was done with it."""
    (tmp_path / "trap.py").write_text(TRAP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield SimpleNamespace(folder=tmp_path, sprung=lambda: [one.name for one in tmp_path.glob("trap.*ed")])
    sys.modules.pop("trap", None)


def stored(folder, name, file="grid.duckdb"):
    """Return a sound store with a diagnosis whose network, batch and loss have a name."""
    batch = Batch().run().scheme()
    spec = {"structure": "0", "source": "0", "weights": "0", "inputs": "0", "loss": name, "formats": ""}
    cell_id = batch.diagnosis(network=name, dataset=name, run_id=RUN, preprocessing="raw", classes=3, **spec)
    return write(folder / file, batch), cell_id


def ran(*words):
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.mark.parametrize("name", NAMES)
def test_a_grid_cannot_name_a_function(trap, name):
    with pytest.raises(engine.RequestError, match="is not imported because a store or a grid file names it"):
        engine.Grid.from_toml(GRID.format(name=name))
    assert not trap.sprung()


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_no_command_imports_what_a_grid_names(trap, verb):
    (trap.folder / "grid.toml").write_text(GRID.format(name="trap:call"))
    done = ran(verb, trap.folder / "grid.toml", "--store", trap.folder / "grid.duckdb")
    assert (done.exit_code, "goldilocks diagnose FACTORY" in done.stderr) == (2, True), done.output
    assert not trap.sprung()


@pytest.mark.parametrize("name", NAMES)
def test_verify_imports_nothing_that_a_store_names(trap, name):
    layout, cell_id = stored(trap.folder, name)
    done = ran("verify", cell_id, "--store", layout.path)
    assert (done.exit_code, "is not imported because a store" in done.output) == (1, True), done.output
    assert not trap.sprung()


def test_naming_the_network_does_not_name_what_went_into_it(trap):
    """The batch and the loss of the store are functions, too, and the command names neither."""
    layout, cell_id = stored(trap.folder, "trap:call")
    (verdict,) = verify([cell_id], store=layout.path, factory=lambda: pytest.fail("made for nothing"))
    assert "name the function with --batch" in verdict.obstacle
    assert not trap.sprung()


def test_what_the_command_names_is_called(trap):
    layout, cell_id = stored(trap.folder, "8x8")
    done = ran("verify", cell_id, "--store", layout.path, "--factory", "trap:call")
    assert "returns None; an nn.Module is required" in done.output
    assert set(trap.sprung()) == {"trap.imported", "trap.called"}


def test_a_store_that_names_a_folder_has_it_not_looked_into(trap):
    layout, cell_id = stored(trap.folder, f"own(folder={str(trap.folder)!r}):8")
    (verdict,) = verify([cell_id], store=layout.path, factory="trap:call")
    assert verdict.obstacle


def test_merging_checking_and_exporting_import_nothing(trap):
    there, _ = stored(trap.folder, "trap:call", "there.duckdb")
    here = store.Layout.at(trap.folder / "here.duckdb")
    assert merge(here, there.path).added == 1
    assert [one for one in check(here) if not one.holds] == []
    assert not trap.sprung()


@pytest.mark.parametrize("page", ["activation_statistics", "every_study"])
def test_pages_show_such_a_network_and_import_nothing(trap, page, monkeypatch):
    layout, _ = stored(trap.folder, "trap:call")
    shown = open_page(page, layout.path, monkeypatch)
    assert not shown.exception
    if page == "activation_statistics":
        assert any(one.startswith("trap:call, ") for one in shown.selectbox[0].options)
    assert not trap.sprung()


def test_what_one_call_named_the_next_one_may_not():
    with named(lambda cell: None):
        assert refuse_unnamed("trap:call") == "trap:call"
    with pytest.raises(engine.RequestError):
        refuse_unnamed("trap:call")


@pytest.mark.parametrize(
    "spec", [{}, {"network": ["os:abort"]}, {"network": {"name": "os:abort"}}, {"depth": -1}], ids=str
)
def test_a_spec_that_is_none_is_refused_in_a_sentence(spec):
    text = json.dumps({"study": "diagnosis", **spec})
    cell_id = hashlib.sha256(text.encode()).hexdigest()[:16]
    with named(lambda cell: pytest.fail("nothing is named")), pytest.raises(engine.RequestError):
        cell_of({"cell_id": cell_id, "spec": text})
