"""Entries filed by other processes: adopted once, whatever happens on the way."""

from __future__ import annotations

import errno
import os

import pytest

from goldilocks import store
from goldilocks.store import Layout, WriterLock, journal
from goldilocks.store.checks.check import check
from goldilocks.store.files import durable
from goldilocks.store.writing import spool
from tests.store.builder import Batch


def results(seed: int) -> dict:
    made = Batch().run("run").worker("1", "run")
    made.training(seed=seed, run_id="run", worker="1")
    return made.tables()


@pytest.fixture
def layout(tmp_path):
    return Layout.at(tmp_path / "grid.duckdb")


def adopt_all(layout, folder, runs=frozenset({"run"})):
    with WriterLock(layout):
        for entry in spool.waiting(folder, set(runs)):
            spool.adopt(layout, entry)
        store.publish(layout)


def cells(layout):
    with store.open(layout) as opened:
        return opened.query("SELECT count(*) FROM cells").fetchall()[0][0]


def test_what_is_filed_is_adopted_in_order_and_gone_from_the_spool(layout, tmp_path):
    folder = tmp_path / "spool"
    for number in (2, 1, 3):
        spool.file(folder, "run", f"{number:06d}-training", results(number))
    adopt_all(layout, folder)
    assert [entry.name for entry in journal.entries(layout)] == [f"{n:06d}-training" for n in (1, 2, 3)]
    assert spool.waiting(folder, {"run"}) == []
    assert cells(layout) == 3
    assert [finding for finding in check(layout) if not finding.holds] == []


def test_the_same_batch_is_filed_once(layout, tmp_path):
    first = spool.file(tmp_path / "spool", "run", "000001-training", results(1))
    written = (first / "cells.parquet").stat().st_ino
    assert spool.file(tmp_path / "spool", "run", "000001-training", results(1)) == first
    assert (first / "cells.parquet").stat().st_ino == written
    assert [path.name for path in first.parent.iterdir()] == ["000001-training"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(OSError, match="No space"):
        spool.file(tmp_path, "run", "a", results(1))
    assert list((tmp_path / "run").iterdir()) == []


def test_a_batch_that_comes_late_replaces_and_is_not_stored_twice(layout, tmp_path):
    for _ in range(2):
        spool.file(tmp_path / "spool", "run", "000001-training", results(1))
        adopt_all(layout, tmp_path / "spool")
    assert len(journal.entries(layout)) == 2
    assert cells(layout) == 1
    assert [finding for finding in check(layout) if not finding.holds] == []


def test_runs_of_another_store_and_torn_entries_stay(layout, tmp_path):
    folder = tmp_path / "spool"
    spool.file(folder, "another", "000001-training", results(1))
    (folder / "run" / f"{durable.TEMPORARY}torn").mkdir(parents=True)
    assert spool.waiting(folder, {"run"}) == []
    assert spool.waiting(tmp_path / "nowhere", {"run"}) == []


def test_from_another_file_system_it_is_copied(layout, tmp_path, monkeypatch):
    entry = spool.file(tmp_path / "spool", "run", "000001-training", results(1))
    rename = os.rename

    def across(source, target):
        if os.fspath(source).startswith(os.fspath(tmp_path / "spool")):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(os, "rename", across)
    adopt_all(layout, tmp_path / "spool")
    assert not entry.exists()
    assert cells(layout) == 1
