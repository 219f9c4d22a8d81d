"""The stores behind a file of claims: its GRID, and its CONFIRMATION where it has one, each computed once."""

import pytest

from goldilocks import engine, store
from tests.grids import computed


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


@pytest.fixture(scope="module")
def confirmation(request, tmp_path_factory):
    """The store that holds the cells of the module's CONFIRMATION, open."""
    name = f"confirmation_{request.module.__name__.rpartition('.')[2]}"
    with store.open(computed(name, tmp_path_factory, request.module.CONFIRMATION)) as handle:
        yield handle
