"""The store behind a file of claims: its GRID, computed once."""

import pytest

from goldilocks import engine, store


@pytest.fixture(scope="module")
def lecture(request, tmp_path_factory):
    """The store that holds the cells of the module's GRID, open; none of them failed."""
    name = request.module.__name__.rpartition(".")[2]
    folder = tmp_path_factory.mktemp(name)
    with pytest.MonkeyPatch.context() as patch:
        # Source networks are kept here, and not among those of the person who runs the tests.
        patch.setenv("GOLDILOCKS_DATA", str(folder))
        summary = engine.run(engine.Grid.from_toml(request.module.GRID, name), folder / "grid.duckdb")
    assert summary["cells_failed"] == 0
    with store.open(folder / "grid.duckdb") as handle:
        yield handle
