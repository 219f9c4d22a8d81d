"""Small grids, and the stores that the engine makes of them: each once, for all workers that run the tests."""

import os
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock


@cache
def preset(name):
    """Return a grid of the program's own: reading one takes seconds, and several files of tests ask about the same."""
    from goldilocks.engine.grid.spec import load_grid

    return load_grid(name)


def computed(name, tmp_path_factory, text=None):
    """Return the path of a store that holds the cells of a grid. Not to be changed.

    Args:
        name: of the store; no other one is called so.
        tmp_path_factory: pytest's.
        text: the grid; None means the file of that name in this folder.
    """
    text = text or Path(__file__).with_name(f"{name}.toml").read_text()
    return _once(name, tmp_path_factory, lambda path: _compute(name, text, path))


def imported(tmp_path_factory):
    """Return the path of a store that holds the reference grid that comes with the program. Not to be changed."""
    return _once("reference", tmp_path_factory, _import)


def _once(name, tmp_path_factory, make):
    """Return the path of a store that the first one of all workers makes who asks for it."""
    folder = tmp_path_factory.getbasetemp()
    # Workers have folders of their own in that of the run.
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / name
    path = folder / "grid.duckdb"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            make(path)
            (folder / "done").touch()
    return path


def _import(path):
    from goldilocks.store.exchange import merge, reference
    from goldilocks.store.layout import Layout

    merge.merge(Layout.at(path), reference.FOLDER, "reference")


def _compute(name, text, path):
    from goldilocks import engine

    with pytest.MonkeyPatch.context() as patch:
        # Source networks are kept there.
        patch.setenv("GOLDILOCKS_DATA", str(path.parent / "data"))
        summary = engine.run(engine.Grid.from_toml(text, name), path)
    assert not summary["cells_failed"]
