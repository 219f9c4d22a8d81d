"""A folder of data sets, and a small set to put there."""

import contextlib

import numpy as np
import pytest

from goldilocks.engine.data.fashion import Fashion
from goldilocks.engine.data.idx import FILES
from tests.engine.downloads.server import serving
from tests.engine.downloads.small_sets import idx


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of data sets, not made yet; Debian's is out of sight."""
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(Fashion, "system_folders", ())
    return tmp_path / "data"


@pytest.fixture
def arrays():
    """Images and labels of a small data set, training and testing."""
    random = np.random.default_rng(0)
    shapes = [(20, 28, 28), (20,), (10, 28, 28), (10,)]
    return [random.integers(0, 256 if len(shape) > 1 else 10, shape, np.uint8) for shape in shapes]


@pytest.fixture
def files(arrays):
    """The uncompressed files of a small data set by name."""
    return {name: idx(array) for name, array in zip(FILES, arrays, strict=True)}


@pytest.fixture
def serve():
    """A function that serves files on this machine until the test ends, and returns the address."""
    with contextlib.ExitStack() as stack:
        yield lambda files, fault=None: stack.enter_context(serving(files, fault))
