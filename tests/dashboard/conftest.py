"""Stores with a few small cells of every study that has a page."""

import subprocess

import pytest

from tests import warm
from tests.dashboard.diagnosed import diagnosed
from tests.dashboard.opening import STORES
from tests.grids import computed
from tests.store.builder import write


@pytest.fixture(autouse=True, scope="session")
def _warm_statements():
    """The processes in which typed statements run are forked; tests of their limits start real ones."""
    from goldilocks.dashboard import interpreter, sandbox

    def start():
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return warm.Process(sandbox.__name__, cwd=interpreter.FOLDER, **pipes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "_start", start)
        yield


@pytest.fixture(scope="session")
def studied_store(tmp_path_factory):
    """Path of a store with cells of every study that measures quantities of its own, but transfer."""
    return computed("studied", tmp_path_factory)


@pytest.fixture(scope="session")
def transferred_store(tmp_path_factory):
    """Path of a store with source networks and their transfer."""
    return computed("transferred", tmp_path_factory)


@pytest.fixture(scope="session")
def lecture_store(tmp_path_factory):
    """Path of a store with a little on every row of the lecture."""
    return computed("lecture", tmp_path_factory)


@pytest.fixture(scope="session")
def diagnosed_store(tmp_path_factory):
    """Path of a store with diagnoses of networks, and trained networks like one of them."""
    return write(tmp_path_factory.mktemp("diagnosed") / "grid.duckdb", diagnosed()).path


@pytest.fixture
def store_of(request):
    """What gives the path of the store whose cells a page is about."""
    return lambda page: request.getfixturevalue(STORES.get(page, "filled_store"))
