"""No two pointers share a folder, and stores whose folder has the name of earlier versions still open."""

from __future__ import annotations

import itertools
import os

import pytest

from goldilocks import store
from tests.store.builder import Batch, write

NAMES = (
    *("lr_0.1", "lr_0.2", "lr_0", "run.duckdb", "run.db", "run", "run.x.duckdb", "a.b.c.duckdb", "a.b.d.duckdb"),
    *("ende.tar.duckdb", ".hidden.duckdb", "größe 1.5.duckdb"),
)


def test_no_two_names_share_a_folder(tmp_path):
    layouts = [store.Layout.at(tmp_path / name) for name in NAMES]
    for one, other in itertools.combinations(layouts, 2):
        assert one.folder != other.folder, (one, other)
        assert one.folder != other.path


@pytest.mark.parametrize(("one", "other"), [("lr_0.1", "lr_0.2"), ("run.duckdb", "run.db")])
def test_cells_do_not_wander(tmp_path, one, other):
    for name, seed in ((one, 0), (other, 1)):
        batch = Batch().run()
        batch.training(seed=seed)
        write(tmp_path / name, batch)
    for name, seed in ((one, 0), (other, 1)):
        with store.open(tmp_path / name) as opened:
            assert opened.query("SELECT seed FROM cells").fetchall() == [(seed,)]


def as_of_old(layout: store.Layout) -> store.Layout:
    """Gives the folder of a store the name that earlier versions gave it."""
    old = layout.path.with_suffix(".store")
    layout.folder.rename(old)
    number = layout.path.readlink().name
    layout.path.unlink()
    layout.path.symlink_to(os.path.join(old.name, "snapshots", number))
    return store.Layout.at(layout.path)


def test_an_old_store_goes_on_in_its_folder(own):
    old = as_of_old(own)
    assert old.folder.name == "grid.store"
    write(old.path, Batch().run("another"))
    with store.open(old) as opened:
        assert opened.query("SELECT count(*) FROM runs").fetchall() == [(2,)]
    assert not own.folder.exists()


def test_an_old_store_without_its_pointer_is_found(own):
    old = as_of_old(own)
    old.path.unlink()
    with pytest.warns(store.StoreWarning):
        assert len(store.open(old).query("SELECT * FROM cells").fetchall()) == 32


def test_the_folder_of_another_old_store_is_left_alone(own):
    as_of_old(own)
    for name in ("grid.db", "grid.1", "grid"):
        assert store.Layout.at(own.path.with_name(name)).folder.name == f"{name}.store"
