"""The store is replaced or removed while a reader looks at it: the page says so, or goes on with the newer snapshot."""

import contextvars
import os
import shutil

import pytest

from goldilocks import store
from goldilocks.dashboard import data
from goldilocks.store.files import durable
from tests.breadth import few
from tests.dashboard.opening import PAGES, open_page, words


@pytest.fixture
def own_store(filled_store, tmp_path):
    """A copy of the store that may be harmed."""
    path = tmp_path / "grid.duckdb"
    shutil.copy(filled_store.resolve(), path)
    return path


def test_a_store_that_is_removed_in_the_middle_of_a_session_is_explained(own_store, monkeypatch):
    apps = {page: open_page(page, own_store, monkeypatch) for page in PAGES}
    own_store.unlink()
    for page, app in apps.items():
        app.run()
        assert not app.exception, page
        assert "make grid" in words(app) + " ".join(code.value for code in app.code), page


@pytest.mark.parametrize("page", few(["convergence", "activation_statistics", "trainability_map"], 1))
def test_a_store_that_is_replaced_in_the_middle_of_a_session_is_read_anew(page, own_store, filled_store, monkeypatch):
    app = open_page(page, own_store, monkeypatch)
    before = len(app.get("vega_lite_chart"))
    shutil.copy(filled_store.resolve(), own_store.with_suffix(".new"))
    os.replace(own_store.with_suffix(".new"), own_store)
    app.run()
    assert not app.exception
    assert not app.error
    assert len(app.get("vega_lite_chart")) == before


def test_a_store_that_becomes_unreadable_in_the_middle_of_a_session_is_named(own_store, monkeypatch):
    app = open_page("convergence", own_store, monkeypatch)
    own_store.with_suffix(".new").write_bytes(b"torn" * 1000)
    os.replace(own_store.with_suffix(".new"), own_store)
    app.run()
    assert not app.exception
    assert own_store.name in app.error[0].value


def test_a_damaged_newest_snapshot_is_named_and_the_one_before_it_is_shown(filled_store, tmp_path, monkeypatch):
    folder = tmp_path / "store"
    shutil.copytree(filled_store.parent, folder, symlinks=True)
    layout = store.Layout.at(folder / filled_store.name)
    number = layout.snapshot_numbers()[-1] + 1
    layout.snapshot_file(number).write_bytes(b"torn" * 1000)
    durable.point(layout.path, layout.snapshot_file(number))
    with pytest.warns(store.StoreWarning):
        app = open_page("convergence", layout.path, monkeypatch)
    assert not app.exception
    assert not app.error
    assert "newest snapshot cannot be read" in words(app)
    assert app.get("vega_lite_chart")


def test_a_store_that_cannot_be_read_is_named_once(own_store, monkeypatch):
    own_store.write_bytes(b"torn" * 1000)
    app = open_page("convergence", own_store, monkeypatch)
    assert [own_store.name in error.value for error in app.error] == [True]


def test_what_is_published_meanwhile_waits_for_the_next_run(own_store, filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(own_store))

    def run():
        data.pin()
        before = data.version()
        shutil.copy(filled_store.resolve(), own_store.with_suffix(".new"))
        os.replace(own_store.with_suffix(".new"), own_store)
        assert len(data.query("coverage"))
        assert data.version() == before
        data.pin()
        assert data.version() != before

    contextvars.copy_context().run(run)
