"""Many small entries lie together: nothing that was in them changes, and whoever is killed loses nothing."""

from __future__ import annotations

import os
import shutil

import duckdb
import pyarrow.parquet as pq
import pytest

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.checks.check import check
from goldilocks.store.files import digests
from goldilocks.store.files.attach import attached
from goldilocks.store.repairs.repair import repair
from goldilocks.store.snapshots import predecessor
from goldilocks.store.snapshots.agreement import disagreement
from goldilocks.store.snapshots.ingest import ingested
from goldilocks.store.writing import packing, packs
from tests import breadth
from tests.faults.flips import contents
from tests.store.builder import Batch, believable, write

MANY = 4


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(packing, "LEAST", MANY)


def small(number: int) -> Batch:
    """Two cells of their own, and one that entry after entry computes anew."""
    batch = believable(1, 1, first_seed=number) if number else believable(1, 1).run("another").metric("rank")
    batch.training(seed=1000, learns=0.5 + number / 100)
    return batch


def grown(path, count: int, published: bool = False):
    return write(path, *map(small, range(count)), published=published)


def folders(layout):
    return sorted(path.name for path in layout.journal.iterdir())


def broken(layout):
    return [(finding.name, finding.detail) for finding in check(layout) if not finding.holds]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two stores of the same entries, one of them published, in which nothing is packed."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as context:
        context.setattr(packing, "LEAST", 10**9)
        grown(folder / "one" / "grid.duckdb", 2 * MANY, published=True)
        grown(folder / "other" / "grid.duckdb", 2 * MANY)
    return folder


@pytest.fixture(scope="module")
def right(made):
    """What is in them."""
    return contents(made / "one" / "grid.duckdb")


@pytest.fixture
def twins(made, tmp_path):
    """A store in which nothing is packed, and what becomes of the same entries where they are."""
    shutil.copytree(made, tmp_path / "twins", symlinks=True)
    return [store.Layout.at(tmp_path / "twins" / name / "grid.duckdb") for name in ("one", "other")]


@pytest.mark.essential("what packing promises")
def test_a_store_of_packs_is_that_of_its_entries(twins, right):
    one, other = twins
    before = {entry.name: entry.number for entry in journal.entries(one)}
    store.publish(other)
    assert folders(other) == [packs.name(1, 2 * MANY)]
    assert {entry.name: entry.number for entry in journal.entries(other)} == before
    assert contents(other.path) == right
    with store.open(one) as ours, store.open(other) as others:
        sql = "SELECT entry, digest FROM journal_entries ORDER BY entry"
        assert ours.query(sql).fetchall() == others.query(sql).fetchall()
    assert broken(other) == []
    assert store.done_cells(other) == store.done_cells(one)
    store.publish(other, anew=True)
    assert contents(other.path) == right


def test_the_last_entry_wins_whether_it_is_packed_or_not(tmp_path):
    layout = grown(tmp_path / "grid.duckdb", MANY, published=True)
    write(layout.path, *map(small, range(MANY, 2 * MANY)))
    write(layout.path, *map(small, range(2 * MANY, 2 * MANY + 2)))
    single = [f"{number:06d}-test" for number in (2 * MANY + 1, 2 * MANY + 2)]
    assert folders(layout) == [*single, packs.name(1, MANY), packs.name(MANY + 1, 2 * MANY)]
    for _ in range(2):
        with store.open(layout) as opened:
            sql = "SELECT best_test_accuracy FROM outcomes WHERE seed = 1000"
            assert opened.query(sql).fetchall() == [(pytest.approx(0.5 + (2 * MANY + 1) / 100),)]
        store.publish(layout, anew=True)
    assert broken(layout) == []


def test_fewer_or_larger_entries_stay_where_they_are(tmp_path, monkeypatch):
    layout = grown(tmp_path / "grid.duckdb", MANY - 1, published=True)
    assert len(folders(layout)) == MANY - 1
    monkeypatch.setattr(packing, "SMALL_BYTES", 1)
    write(layout.path, small(MANY))
    assert len(folders(layout)) == MANY
    assert broken(layout) == []


@pytest.mark.parametrize("damage", ["a bit", "a file too many", "no list", "a copy"])
def test_what_is_not_as_it_was_written_is_not_packed(tmp_path, damage):
    layout = grown(tmp_path / "grid.duckdb", MANY + 1)
    victim = journal.entries(layout)[2].path
    if damage == "a bit":
        file = victim / "curves.parquet"
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif damage == "a file too many":
        shutil.copyfile(victim / "curves.parquet", victim / "layer_histograms.parquet")
    elif damage == "no list":
        (victim / digests.NAME).unlink()
    else:
        victim = victim.rename(victim.with_name(f"{victim.name} (conflicted copy)"))
        shutil.copytree(journal.entries(layout)[1].path, layout.journal / "000003-test")
    with store.WriterLock(layout):
        assert packing.pack(layout) == MANY + (damage == "a copy")
    assert victim.name in folders(layout)


def test_a_snapshot_that_has_some_of_a_pack_takes_in_the_others(twins, right):
    _, layout = twins
    entries = journal.entries(layout)
    for entry in entries[MANY // 2 :]:
        entry.path.rename(layout.folder / entry.name)
    with pytest.MonkeyPatch.context() as context:
        context.setattr(packing, "LEAST", 10**9)
        store.publish(layout)
    for entry in entries[MANY // 2 :]:
        (layout.folder / entry.name).rename(entry.path)
    with store.WriterLock(layout):
        packing.pack(layout)
    with attached(layout.resolve(), read_only=True, folders=[layout.journal], own=True) as connection:
        inside = ingested(connection)
        assert disagreement(connection, [entry for entry in journal.entries(layout) if entry.name in inside]) == ""
    snapshot = store.publish(layout)
    assert snapshot
    assert snapshot.entries == len(entries) - MANY // 2
    assert contents(layout.path) == right


FILES = ("cells.parquet", "curves.parquet", digests.NAME, packs.LIST)
# First each file once, and both ways to be rescued twice.
DAMAGED = [(name, bool(place % 2) ^ late) for late in (False, True) for place, name in enumerate(FILES)]


@pytest.mark.parametrize(("name", "copied"), breadth.each_member(DAMAGED))
def test_a_damaged_pack_is_rescued_from_the_snapshot_or_its_entries(twins, right, name, copied):
    _, layout = twins
    if copied:
        # Killed before the entries were removed.
        with pytest.MonkeyPatch.context() as context:
            context.setattr(packing, "_remove", lambda layout, entries: None)
            with store.WriterLock(layout):
                packing.pack(layout)
        assert len(folders(layout)) == 2 * MANY + 1
    else:
        store.publish(layout)
    file = layout.journal / packs.name(1, 2 * MANY) / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    if not copied:
        assert [finding for finding, _ in broken(layout)] in (["journal_intact"], ["journal_ingested"])
    list(repair(layout))
    assert broken(layout) == []
    assert contents(layout.path) == right
    assert packs.name(1, 2 * MANY) in {path.name for path in layout.damaged.iterdir()}


def test_numbers_of_packed_entries_are_not_used_again(tmp_path):
    layout = grown(tmp_path / "grid.duckdb", MANY, published=True)
    shutil.rmtree(layout.snapshots)
    assert journal.append(layout, "more", small(90).tables()).name == f"{MANY + 1:06d}-more"
    (layout.journal / packs.name(1, MANY) / packs.LIST).write_text("nonsense")
    (layout.journal / f"{MANY + 1:06d}-more").rename(layout.folder / "gone")
    assert journal.append(layout, "more", small(91).tables()).name == f"{MANY + 1:06d}-more"


def test_a_copy_of_a_packed_entry_is_taken_once(tmp_path):
    layout = grown(tmp_path / "grid.duckdb", MANY)
    copy = layout.folder / "000002-test (conflicted copy)"
    shutil.copytree(journal.entries(layout)[1].path, copy)
    store.publish(layout)
    right = contents(layout.path)
    copy.rename(layout.journal / copy.name)
    assert broken(layout)[0][0] == "journal_ingested"
    said = list(repair(layout))
    assert any("the same as 000002-test" in sentence for sentence in said)
    assert broken(layout) == []
    assert contents(layout.path) == right


def test_readers_read_again_where_entries_were_packed_meanwhile(twins, monkeypatch):
    one, layout = twins
    sound, packed = predecessor.sound, list[bool]()

    def slow(*args, **words):
        found = sound(*args, **words)
        if not packed:
            packed.append(True)
            with store.WriterLock(layout):
                packing.pack(layout)
        return found

    monkeypatch.setattr(predecessor, "sound", slow)
    assert store.done_cells(layout) == store.done_cells(one)


def test_a_pack_of_a_stranger_leads_nowhere(tmp_path):
    layout = grown(tmp_path / "grid.duckdb", 1)
    outside = tmp_path / "outside"
    outside.mkdir()
    (layout.journal / packs.name(2, 3)).symlink_to(outside)
    lists = [layout.journal / packs.name(first, first + 1) for first in (4, 6, 8)]
    for pack, said in zip(lists, ("", "../../outside", "x"), strict=True):
        pack.mkdir()
        (pack / packs.LIST).write_text(digests.Digests({said: "0" * 64}).text())
    with pytest.warns(store.StoreWarning) as warned:
        store.publish(layout)
    for pack in lists:
        assert any(f"{pack.name} is skipped" in str(one.message) for one in warned), pack
    list(repair(layout))
    assert broken(layout) == []
    assert list(outside.iterdir()) == []


def test_cells_in_question_leave_a_pack_without_the_others(twins):
    """The snapshot lost its digest and says something else of a cell: the pack is taken apart."""
    one, layout = twins
    store.publish(layout)
    file = layout.resolve()
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute("UPDATE curves SET train_loss = 7 WHERE cell_id = (SELECT min(cell_id) FROM curves)")
        wrong = connection.execute("SELECT min(cell_id) FROM curves").fetchall()[0][0]
    (file.parent / f"{file.name}.sha256").unlink()
    list(repair(layout))
    assert broken(layout) == []
    with store.open(layout) as opened, store.open(one) as other:
        right, left = (set(one.query("SELECT cell_id FROM cells").fetchall()) for one in (other, opened))
    assert right - left == {(wrong,)}


def test_a_pack_is_compared_with_what_was_to_be_written(twins, monkeypatch):
    _, layout = twins
    before, write_table = folders(layout), pq.write_table

    def forgetful(table, file, **words):
        write_table(table.slice(0, table.num_rows - 1), file, **words)

    monkeypatch.setattr(packing.pq, "write_table", forgetful)
    with store.WriterLock(layout):
        assert packing.pack(layout) == 0
    assert folders(layout) == before


@pytest.mark.essential("what packing promises")
@pytest.mark.parametrize("step", ["renamed", "synced", "removed"])
def test_a_process_that_is_killed_while_it_packs_loses_nothing(twins, right, step):
    """See `python -m tests.faults` for every operation; here the three kinds of place."""
    one, layout = twins
    child = os.fork()
    if child == 0:
        calls = []

        def die(name, most, function):
            def called(*args, **words):
                calls.append(name)
                if calls.count(name) > most:
                    os._exit(9)
                return function(*args, **words)

            return called

        if step == "removed":
            packing.os.rename = die(step, MANY, os.rename)
        elif step == "synced":
            packing.durable.commit = die(step, 0, packing.durable.commit)
        else:
            packing._remove = die(step, 0, packing._remove)
        try:
            store.publish(layout)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 9 << 8
    assert store.done_cells(layout) == store.done_cells(one)
    store.publish(layout)
    assert folders(layout) == [packs.name(1, 2 * MANY)]
    assert broken(layout) == []
    assert contents(layout.path) == right
