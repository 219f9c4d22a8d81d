"""A folder of data sets for tests that train source networks."""

import pytest


@pytest.fixture
def kept_sources(monkeypatch, tmp_path_factory):
    """Source networks are kept in a folder that all tests share, and not among those of who runs them."""
    monkeypatch.setenv("GOLDILOCKS_DATA", str(tmp_path_factory.getbasetemp() / "sources"))
