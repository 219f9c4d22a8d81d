"""A snapshot that is kept open answers as the file does, and never for another one."""

import pandas as pd
import pytest

import store
from dashboard.snapshot import KEPT, Moved, Snapshot


@pytest.fixture
def snapshot(filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    with store.open() as handle:
        version = handle.version
    opened = Snapshot(version)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", ["outcomes_over_seeds", "learning_rate_sweep", "signal_map", "coverage", "columns"])
def test_what_is_kept_in_memory_is_what_the_file_says(snapshot, filled_store, name):
    values = {"relation": KEPT[0]} if name == "columns" else {}
    with store.open(filled_store) as handle:
        truth = handle.named(name, **values).df()
    assert len(truth)
    for _ in range(2):
        pd.testing.assert_frame_equal(snapshot.ask(name, values), truth)


def test_another_snapshot_is_refused(filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    with pytest.raises(Moved):
        Snapshot("000000-0-0")


def test_the_version_of_the_page_is_the_version_of_the_handle(filled_store, monkeypatch):
    from dashboard import data

    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    with store.open() as handle:
        assert data.version() == handle.version
