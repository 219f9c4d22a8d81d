"""What a run does about data sets that are not there: asked before it starts, and only for what is to be computed."""

import os

import pytest

from goldilocks import engine, store
from goldilocks.engine.data.digits import Digits
from goldilocks.engine.errors import RequestError
from tests.engine import commands

GRID = """
[[study]]
kind = "training"
dataset = "mnist"
init = "kaiming"
activation = "relu"
depth = 1
width = 8
batch_size = 8
steps = 1
lr = 0.1
"""


def test_offline_the_command_names_the_two_ways_and_starts_nothing(folder, tmp_path):
    (tmp_path / "mnist.toml").write_text(GRID)
    # A proxy that nobody listens at: every address is out of reach.
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    path = tmp_path / "grid.duckdb"
    process = commands.start("run", tmp_path / "mnist.toml", "--store", path, env=os.environ | nowhere)
    out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (2, "")
    assert "Traceback" not in err
    assert "Downloading train-images-idx3-ubyte.gz" in err
    assert "Either connect to the network" in err
    assert f"into {folder / 'mnist'}" in err
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert not path.exists() or store.open(path).query("SELECT * FROM runs").fetchall() == []


def test_data_is_asked_for_before_a_run_starts_and_only_for_what_is_to_be_computed(tmp_path, monkeypatch):
    path, grid = tmp_path / "grid.duckdb", engine.Grid.from_toml(GRID.replace("mnist", "digits"))

    def refuse(self, announce):
        raise RequestError("out of reach")

    monkeypatch.setattr(Digits, "fetch", refuse)
    with pytest.raises(RequestError, match="out of reach"):
        engine.run(grid, path)
    if path.exists():
        with store.open(path) as handle:
            assert handle.query("SELECT * FROM runs").fetchall() == []
    monkeypatch.undo()
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path))
    assert engine.run(grid, path)["cells_computed"] == 1
    monkeypatch.setattr(Digits, "fetch", refuse)
    assert engine.run(grid, path)["cells_cached"] == 1
