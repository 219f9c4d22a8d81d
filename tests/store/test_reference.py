"""The reference grid is taken in by `store import` without a folder, once, and anew where part of it is missing."""

import pytest
from typer.testing import CliRunner

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.__main__ import app
from goldilocks.store.exchange import reference
from goldilocks.store.exchange.export import export
from tests.store.builder import believable, write


@pytest.fixture
def brought(layout, tmp_path, monkeypatch):
    """The number of cells of a small reference."""
    with store.open(layout.path) as opened:
        export(opened, tmp_path / "reference")
    monkeypatch.setattr(reference, "FOLDER", tmp_path / "reference")
    return len(store.done_cells(layout))


def said(path):
    finished = CliRunner().invoke(app, ["import", "--store", str(path)])
    assert (finished.exit_code, finished.stderr) == (0, "")
    return finished.stdout.strip()


def test_it_is_taken_in_once(brought, tmp_path):
    path = tmp_path / "new" / "grid.duckdb"
    assert not reference.is_known(store.Layout.at(path))
    assert said(path).endswith(f": {brought} cells added, 0 already present")
    assert reference.is_known(store.Layout.at(path))
    assert said(path) == f"{path} has the reference grid already"
    assert len(store.Layout.at(path).snapshot_numbers()) == 1


def test_what_is_missing_of_it_is_taken_in(brought, tmp_path):
    path = tmp_path / "new" / "grid.duckdb"
    write(path, believable(1, 1))
    known = len(store.done_cells(store.Layout.at(path)))
    assert 0 < known < brought
    assert not reference.is_known(store.Layout.at(path))
    assert said(path).endswith(f": {brought - known} cells added, {known} already present")


def test_what_is_not_published_yet_is_known(brought, tmp_path):
    path = tmp_path / "new" / "grid.duckdb"
    said(path)
    layout = store.Layout.at(path)
    assert journal.entries(layout)
    layout.path.unlink()
    for snapshot in layout.snapshots.iterdir():
        snapshot.unlink()
    assert reference.is_known(layout)


def test_an_installation_without_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "FOLDER", tmp_path / "nowhere")
    assert not reference.is_known(store.Layout.at(tmp_path / "grid.duckdb"))
    finished = CliRunner().invoke(app, ["import", "--store", str(tmp_path / "grid.duckdb")])
    assert finished.exit_code == 2
    assert f"there is no file or folder {tmp_path / 'nowhere'}" in finished.stderr
