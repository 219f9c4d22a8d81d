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
    folder = tmp_path_factory.getbasetemp()
    # Workers have folders of their own in that of the run.
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / name
    path = folder / "grid.duckdb"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            _compute(name, text or Path(__file__).with_name(f"{name}.toml").read_text(), path)
            (folder / "done").touch()
    return path


def _compute(name, text, path):
    from goldilocks import engine

    with pytest.MonkeyPatch.context() as patch:
        # Source networks are kept there.
        patch.setenv("GOLDILOCKS_DATA", str(path.parent / "data"))
        summary = engine.run(engine.Grid.from_toml(text, name), path)
    assert not summary["cells_failed"]
