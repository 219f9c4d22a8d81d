"""Stores computed on several machines become one: nothing twice, nothing lost, and no conflict unsaid."""

from __future__ import annotations

import math
import shutil

import duckdb
import pytest

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.checks.check import check
from goldilocks.store.exchange import source
from goldilocks.store.exchange.conflicts import conflicts
from goldilocks.store.exchange.export import export
from goldilocks.store.exchange.merge import CELLS_PER_ENTRY, merge
from tests import breadth
from tests.store.builder import Batch, believable, rewritten, write
from tests.store.test_command_line import run, succeeded

OWN_TABLES = ("journal_entries", "schema_steps")


def sound(layout: store.Layout) -> bool:
    return [finding for finding in check(layout) if not finding.holds] == []


def rows(contents: dict[str, list]) -> dict[str, list]:
    return {name: found for name, found in contents.items() if name not in OWN_TABLES}


def batch(run_id: str, *seeds: int, **changes) -> Batch:
    made = Batch().run(run_id, host=f"host of {run_id}", torch_version="2.13.0", **changes)
    for seed in seeds:
        made.training(seed=seed, run_id=run_id)
        made.propagation(seed=seed, run_id=run_id, shift=math.nan if seed % 2 else 0.0)
    return made


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return write(tmp_path_factory.mktemp("first") / "here.duckdb", batch("one", 0, 1))


@pytest.fixture
def here(first, tmp_path):
    shutil.copytree(first.path.parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    return store.Layout.at(tmp_path / first.path.name)


@pytest.mark.essential("what merging promises")
def test_a_union_is_what_one_store_would_hold(here, tmp_path, contents):
    there = write(tmp_path / "there.duckdb", batch("two", 2, 3), believable(4, 4, first_seed=9))
    merged = merge(here, there.path)
    assert (merged.added, merged.known, merged.conflicts) == (12, 0, ())
    together = write(tmp_path / "all.duckdb", batch("one", 0, 1), batch("two", 2, 3), believable(4, 4, first_seed=9))
    assert rows(contents(here)) == rows(contents(together))
    assert sound(here)


def test_workers_of_a_cluster_come_along(here, tmp_path):
    computed = batch("two").worker("1", "two").worker("2", "two", node="other", threads=3)
    computed.training(seed=5, run_id="two", worker="2")
    there = write(tmp_path / "there.duckdb", computed)
    assert merge(here, there.path).added == 1
    with store.open(here) as opened:
        found = opened.query(
            "SELECT node, threads FROM cells JOIN workers USING (run_id, worker) WHERE worker IS NOT NULL"
        )
        assert found.fetchall() == [("other", 3)]
    assert sound(here)


def test_merging_again_adds_nothing_and_writes_nothing(here, tmp_path):
    there = write(tmp_path / "there.duckdb", batch("two", 1, 2))
    assert merge(here, there.path).added == 2
    before = here.resolve()
    merged = merge(here, there.path)
    assert (merged.added, merged.known) == (0, 4)
    assert here.resolve() == before


def test_the_same_results_of_another_run_are_no_conflict(here, tmp_path):
    there = write(tmp_path / "there.duckdb", batch("two", 0, 1))
    merged = merge(here, there.path)
    assert (merged.added, merged.known, merged.conflicts) == (0, 4, ())


CHANGES = [
    ("UPDATE curves SET test_loss = test_loss * 1.5 WHERE step = 4", 1 / 3),
    ("UPDATE layers SET theory_std = 'nan' WHERE layer = 2", math.inf),
    ("DELETE FROM curves WHERE step = 4", math.inf),
    ("UPDATE cells SET diverged_at_step = 3", 0.0),
    ("UPDATE layer_histograms SET counts = list_reverse(counts)", 0.0),
]


@pytest.fixture(scope="module")
def compared(first, tmp_path_factory):
    """A connection to a copy of another store's snapshot, with the first one beside it."""
    there = write(tmp_path_factory.mktemp("there") / "there.duckdb", batch("two", 0, 2))
    there.resolve().chmod(0o644)
    with duckdb.connect(str(there.resolve())) as connection:
        connection.execute(f"ATTACH '{first.resolve()}' AS here (READ_ONLY)")
        yield connection


@pytest.mark.parametrize(("change", "largest"), CHANGES)
def test_whatever_differs_is_a_conflict(compared, change, largest):
    assert list(conflicts(compared)) == []
    compared.execute("BEGIN")
    compared.execute(change)
    found = list(conflicts(compared))
    compared.execute("ROLLBACK")
    assert [one.largest for one in found] == [pytest.approx(largest, rel=1e-5)]


@pytest.mark.parametrize(("change", "largest"), breadth.few(CHANGES, 1))
def test_a_cell_that_differs_is_kept_and_reported_with_both_provenances(here, tmp_path, contents, change, largest):
    there = write(tmp_path / "there.duckdb", batch("two", 0, 2))
    with rewritten(there.resolve()) as connection:
        connection.execute(change)
    before = contents(here)
    (conflict,) = merge(here, there.path).conflicts
    assert conflict.largest == pytest.approx(largest, rel=1e-5)
    for part in ("host of one", "run_id one", "host of two", "run_id two", conflict.example):
        assert part in str(conflict)
    kept = contents(here)
    assert all(set(before[name]) <= set(kept[name]) for name in ("cells", "layers", "layer_histograms", "curves"))
    assert sound(here)


@pytest.mark.essential("a result must not be lost")
def test_a_result_replaces_a_failure_and_never_the_other_way_round(tmp_path):
    def one(status: str) -> Batch:
        made = Batch().run(status, host=status)
        made.training(run_id=status, status=status) if status == "done" else made.cell(
            "training", run_id=status, status=status
        )
        return made

    failed = write(tmp_path / "failed.duckdb", one("failed"))
    done = write(tmp_path / "done.duckdb", one("done"))
    assert merge(failed, done.path).added == 1
    assert merge(done, write(tmp_path / "again.duckdb", one("failed")).path).added == 0
    for layout in (failed, done):
        assert store.open(layout).query("SELECT status FROM cells").fetchall() == [("done",)]


def test_a_run_that_has_ended_meanwhile_is_known_as_ended(here, tmp_path):
    merge(here, write(tmp_path / "early.duckdb", batch("two", 2, status="running")).path)
    merge(here, write(tmp_path / "late.duckdb", batch("two", 2, 3, status="done")).path)
    assert store.open(here).query("SELECT status FROM runs WHERE run_id = 'two'").fetchall() == [("done",)]


def test_a_large_store_comes_in_several_entries(here, tmp_path, monkeypatch):
    there = write(tmp_path / "there.duckdb", believable(9, 9, first_seed=9))
    monkeypatch.setattr("goldilocks.store.exchange.merge.CELLS_PER_ENTRY", 5)
    assert merge(here, there.path).added == 18 < CELLS_PER_ENTRY
    assert len(store.journal.entries(here)) == 1 + 1 + 4
    assert sound(here)


def test_a_file_without_its_journal_can_be_merged_into_nothing(layout, tmp_path, contents):
    alone = tmp_path / "alone.duckdb"
    shutil.copyfile(layout.resolve(), alone)
    grown = store.Layout.at(tmp_path / "new.duckdb")
    assert merge(grown, alone).added == 32
    assert rows(contents(grown)) == rows(contents(layout))
    assert sound(grown)


@pytest.mark.essential("what an export promises")
def test_export_and_import_lose_nothing(layout, tmp_path, contents):
    with store.open(layout) as opened:
        places = export(opened, tmp_path / "out")
    assert (tmp_path / "out" / "curves" / "study=training").is_dir()
    assert all(place.exists() for place in places)
    again = tmp_path / "again.duckdb"
    text = succeeded("import", tmp_path / "out", "--store", again).decode()
    assert text == f"{tmp_path / 'out'}: 32 cells added, 0 already present\n"
    assert rows(contents(store.Layout.at(again))) == rows(contents(layout))
    assert any("nan" in row for row in contents(layout)["curves"])
    assert any("inf" in row for row in contents(layout)["curves"])
    assert sound(store.Layout.at(again))


def test_parts_of_an_export_can_be_read_alone(layout, tmp_path):
    import polars

    with store.open(layout) as opened:
        export(opened, tmp_path / "out")
        count = opened.query("SELECT count(*) FROM cells WHERE study = 'training'").fetchall()[0][0]
    assert polars.read_parquet(tmp_path / "out" / "cells" / "study=training" / "*.parquet").height == count


def test_what_is_no_source_is_refused(here, tmp_path):
    foreign = tmp_path / "foreign.duckdb"
    duckdb.connect(str(foreign)).close()
    (tmp_path / "text.duckdb").write_text("hello")
    (tmp_path / "empty").mkdir()
    for path, error, part in (
        (tmp_path / "nothing.duckdb", store.StoreInvalid, "there is no file or folder"),
        (foreign, store.StoreInvalid, "not a Goldilocks store"),
        (tmp_path / "text.duckdb", store.StoreCorrupt, "cannot be read"),
        (tmp_path / "empty", store.StoreInvalid, "was not made by `store export"),
    ):
        with pytest.raises(error, match=part):
            merge(here, path)
    newer = write(tmp_path / "newer.duckdb", batch("two", 5))
    with rewritten(newer.resolve()) as connection:
        connection.execute("INSERT INTO schema_steps VALUES (99, '099_future.sql', now()::TIMESTAMP)")
    with pytest.raises(store.StoreNewer, match="update Goldilocks"):
        merge(here, newer.path)
    assert not list(here.folder.rglob(".unfinished*"))


def test_the_command_says_what_came_of_each_store_and_fails_on_a_conflict(here, tmp_path):
    there = write(tmp_path / "there.duckdb", batch("two", 0, 2))
    third = write(tmp_path / "third.duckdb", batch("three", 3))
    with rewritten(there.resolve()) as connection:
        connection.execute("UPDATE curves SET test_loss = 7 WHERE step = 4")
    finished = run("merge", there.path, third.path, "--store", here.path)
    assert finished.returncode == 1
    assert finished.stdout.decode().splitlines() == [
        f"{there.path}: 2 cells added, 2 already present",
        f"{third.path}: 2 cells added, 0 already present",
    ]
    assert b"conflict: 1 cells differ" in finished.stderr
    assert b"goldilocks verify" in finished.stderr
    assert run("merge", tmp_path / "no.duckdb", "--store", here.path).returncode == 2


@pytest.mark.parametrize("name", ["cells", "schema_steps.parquet"])
def test_a_part_of_an_export_that_is_missing_is_named(here, tmp_path, name):
    folder = tmp_path / "tables"
    with store.open(here) as opened:
        export(opened, folder)
    lost = folder / name
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    before = len(journal.entries(here))
    with pytest.raises(store.StoreInvalid, match=f"no {name}"):
        merge(here, folder)
    assert len(journal.entries(here)) == before


def test_a_snapshot_that_changed_since_its_publication_is_not_merged(here, tmp_path):
    there = write(tmp_path / "there.duckdb", batch("two", 5))
    there.resolve().chmod(0o644)
    with duckdb.connect(str(there.resolve())) as connection:
        connection.execute("UPDATE curves SET test_loss = 7")
    with pytest.raises(store.StoreChanged, match="has changed since it was published"):
        merge(here, there.path)


def test_a_full_disk_is_not_blamed_on_the_source(here, tmp_path, monkeypatch):
    there = write(tmp_path / "there.duckdb", batch("two", 5))

    def fail(*_: object, **__: object) -> None:
        raise duckdb.IOException("Could not write all bytes to file: No space left on device")

    monkeypatch.setattr(source, "_current", fail)
    with pytest.raises(store.StoreFailed, match=f"no room is left in .*{here.snapshots.name}"):
        merge(here, there.path)
