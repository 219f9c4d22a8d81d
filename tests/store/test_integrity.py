"""What is stored is what was computed: flipped bits, programs that write to snapshots, copied and lost folders."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
import sys
import tarfile
import warnings

import duckdb
import pytest

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.checks.check import check
from goldilocks.store.files import digests, durable
from goldilocks.store.repairs.repair import repair
from goldilocks.store.snapshots import ingest, predecessor, seal
from goldilocks.store.writing import verification
from tests import breadth
from tests.faults.flips import campaign
from tests.store.builder import Batch, believable, write
from tests.store.make_asset import asset

# Tables of journal entries that wait, are packed and are published: whichever of their bits flips or is lost, their
# digests tell. Others are drawn anew each time; many more are in `make faults`.
KNOWN = (1003, 1029, 1047)


def broken(layout):
    return [finding for finding in check(layout) if not finding.holds]


def mend(layout, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", store.StoreWarning)
        said = list(repair(layout, **options))
    assert broken(layout) == []
    return said


def scratched(file):
    """Flips a bit in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)


def user_writes(file, sql):
    """Somebody opens a file with DuckDB and without read_only; root needs no permission for it."""
    file.resolve().chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute(sql)


def as_of_old(layout):
    """Leaves a store as the code before there were digests left it, but for its schema."""
    for entry in journal.entries(layout):
        (entry.path / digests.NAME).unlink()
    for number in layout.snapshot_numbers():
        seal.digest_file(layout.snapshot_file(number)).unlink()


@pytest.mark.essential("what the store promises")
@pytest.mark.parametrize("drawn", [1, pytest.param(18, marks=pytest.mark.thorough("more of the same"))])
def test_no_flip_becomes_a_number(tmp_path, drawn):
    seeds = (*KNOWN, *random.sample(range(2000, 10**6), drawn))
    print("seeds", *seeds)
    outcomes = campaign(tmp_path, seeds)
    print(*outcomes, sep="\n")
    assert [str(outcome) for outcome in outcomes if outcome.problem] == []
    assert [outcome.result for outcome in outcomes[: len(KNOWN)]] == ["detected"] * len(KNOWN)


def test_digests_can_be_checked_without_goldilocks(own):
    for folder, name in ((journal.entries(own)[0].path, digests.NAME), (own.snapshots, "000001.duckdb.sha256")):
        done = subprocess.run(["sha256sum", "--check", "--strict", name], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_a_snapshot_is_closed_to_writing(own):
    assert stat.S_IMODE(own.resolve().stat().st_mode) == 0o444


WRITES = (
    "UPDATE layers SET std = 7",
    "CREATE MACRO avg(x) AS 2 * sum(x) / count(*)",
    "UPDATE thresholds SET value = 3 * value",
    "CREATE TABLE mine AS SELECT 42 AS x",
    "DELETE FROM curves",
)


# Whatever is written, its digest tells.
@pytest.mark.essential("the only writing that the store did not do")
@pytest.mark.parametrize("sql", breadth.few(WRITES, 1))
def test_what_a_user_writes_is_neither_served_nor_inherited(own, contents, sql):
    store.publish(own, anew=True)
    before = contents(own)
    changed = own.resolve()
    user_writes(own.path, sql)
    with pytest.warns(store.StoreWarning, match="has changed since it was published"):
        assert contents(own) == before
    assert "check --repair" in broken(own)[0].detail
    write(own.path, believable(1, 0, first_seed=50), published=False)
    with pytest.warns(store.StoreWarning, match="has changed"):
        store.publish(own)
    assert broken(own) == []
    assert not changed.exists()
    assert (own.damaged / changed.name).exists()
    with store.open(own) as opened:
        assert opened.query("SELECT count(*) FROM layers WHERE std = 7").fetchall() == [(0,)]


def test_tables_of_a_user_are_named_before_a_repair_leaves_them_out(own):
    user_writes(own.path, "CREATE TABLE mine AS SELECT 42 AS x")
    assert "table mine" in broken(own)[0].detail
    mend(own)
    with duckdb.connect(str(own.damaged / "000001.duckdb"), read_only=True) as connection:
        assert connection.execute("FROM mine").fetchall() == [(42,)]


WRITER = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("PRAGMA disable_checkpoint_on_shutdown")
connection.execute("SET checkpoint_threshold = '1TB'")
connection.execute("UPDATE layers SET std = 7")
print("ready", flush=True)
sys.stdin.read()
os._exit(1)
"""


@pytest.fixture
def writer(own):
    """A foreign process that has the snapshot open for writing."""
    own.resolve().chmod(0o644)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(own.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def test_a_snapshot_that_is_held_by_a_writer_is_said_to_be_so(own, writer):
    with pytest.raises(store.StoreBusy, match=f"open for writing in process {writer.pid}") as refusal:
        store.open(own)
    assert "--repair" not in str(refusal.value)
    (finding,) = broken(own)
    assert f"process {writer.pid}" in finding.detail
    assert "--repair" not in finding.detail
    with pytest.raises(store.StoreBusy, match="no repair is needed"):
        list(repair(own))


def test_what_a_writer_left_is_moved_away_and_never_replayed(own, writer):
    writer.communicate()
    places = [durable.log_of(file) for file in (own.path, own.resolve())]
    (left,) = [log for log in places if log.exists()]
    content = left.read_bytes()
    left.unlink()
    for place in places:
        place.write_bytes(content)
        assert place.name in broken(own)[0].detail
        place.unlink()
    for place in places:
        place.write_bytes(content)
    with pytest.warns(store.StoreWarning, match="Snapshots are read-only"):
        write(own.path, believable(1, 1, first_seed=50))
    assert broken(own) == []
    with duckdb.connect(str(own.path), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM layers WHERE std = 7").fetchall() == [(0,)]
    assert all((own.damaged / place.name).exists() for place in places)


def test_an_open_handle_keeps_writers_out_when_another_is_closed(own):
    own.resolve().chmod(0o644)
    first = store.open(own)
    store.open(own).close()
    own.resolve().read_bytes()
    code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, str(own.path)], capture_output=True, text=True)
    assert "Conflicting lock" in done.stderr
    first.close()
    assert subprocess.run([sys.executable, "-c", code, str(own.path)], capture_output=True).returncode == 0


COPIES = ("000001-test (conflicted copy)", "000001-test.sync-conflict-20260101-ABC", "000001-a")


def test_of_entries_with_one_number_each_cell_is_taken_once(own, contents, tmp_path):
    before = contents(own)
    for name in COPIES:
        shutil.copytree(journal.entries(own)[-1].path, own.journal / name)
        with pytest.warns(store.StoreWarning, match="has the number of 000001-test"):
            store.publish(own)
        assert contents(own) == before
        assert name in broken(own)[0].detail
        shutil.rmtree(own.journal / name)
    for name in COPIES:
        shutil.copytree(journal.entries(own)[0].path, own.journal / name)
    other = write(tmp_path / "other.duckdb", believable(2, 2, first_seed=30))
    shutil.copytree(journal.entries(other)[0].path, own.journal / "000001-other")
    said = mend(own)
    assert any("4 cells of 000001-other" in sentence for sentence in said)
    assert len(store.done_cells(own)) == 36
    assert all(set(rows) <= set(contents(own)[name]) for name, rows in before.items() if name != "journal_entries")
    assert all((own.damaged / name).exists() for name in (*COPIES, "000001-other"))


def test_a_lost_journal_is_said_and_loses_nothing(own, contents):
    write(own.path, Batch().run("a run without cells"))
    before = contents(own)
    shutil.rmtree(own.journal)
    with pytest.warns(store.StoreWarning, match="lacks 2 entries that the newest snapshot has"):
        write(own.path, believable(1, 1, first_seed=50))
    assert [entry.number for entry in journal.entries(own)] == [3]
    assert len(store.done_cells(own)) == 34
    assert "the journal lacks 000001-test" in broken(own)[0].detail
    mend(own)
    after = contents(own)
    assert set(before["layers"]) <= set(after["layers"])
    assert len(after["runs"]) == 2
    assert len(store.done_cells(own)) == 34


@pytest.mark.essential("all that a repair decides")
def test_a_damaged_entry_is_set_aside_and_rescued_only_from_what_is_intact(own, contents):
    write(own.path, believable(2, 2, first_seed=50))
    write(own.path, believable(3, 3, first_seed=60), published=False)
    before = contents(own)
    listed, published, waiting = journal.entries(own)
    list_of_digests = (listed.path / digests.NAME).read_text()
    scratched(listed.path / digests.NAME)
    scratched(published.file("curves"))
    scratched(waiting.file("curves"))
    assert broken(own)[0].name == "journal_ingested"
    mend(own)
    # What no snapshot had has to be computed again.
    assert len(store.done_cells(own)) == 36
    assert contents(own)["curves"] == before["curves"]
    # A snapshot knows the entry whose list alone is damaged.
    assert (listed.path / digests.NAME).read_text() == list_of_digests


def test_a_damaged_entry_is_not_rescued_from_a_snapshot_that_changed(own):
    user_writes(own.path, "UPDATE curves SET test_loss = 7")
    scratched(journal.entries(own)[0].file("curves"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", store.StoreWarning)
        said = list(repair(own))
        assert store.done_cells(own) == set()
        assert f"store merge {own.damaged / '000001.duckdb'}" in said[-1]
        write(own.path, believable(16, 16))
    assert broken(own) == []
    with store.open(own) as opened:
        assert opened.query("SELECT count(*) FROM curves WHERE test_loss = 7").fetchall() == [(0,)]


def test_entries_from_before_get_digests_when_the_snapshot_agrees(tmp_path):
    with tarfile.open(asset(5)) as archive:
        archive.extractall(tmp_path, filter="data")
    layout = store.Layout.at(tmp_path / "grid.duckdb")
    store.publish(layout)
    assert all((entry.path / digests.NAME).exists() for entry in journal.entries(layout))
    assert all(one.known and one.listed for one in verification.examine(journal.entries(layout)))
    assert seal.intact(layout.resolve(), thorough=True)
    assert broken(layout) == []


def test_where_no_digest_tells_who_is_right_neither_is_believed(own):
    write(own.path, believable(1, 1, first_seed=50))
    as_of_old(own)
    with store.open(own) as opened:
        query = "SELECT min(cell_id) FROM cells WHERE study = 'training' AND status = 'done'"
        ((cell,),) = opened.query(query).fetchall()
    user_writes(own.resolve(), f"UPDATE curves SET test_loss = 7 WHERE cell_id = '{cell}' AND step = 4")
    user_writes(own.resolve(), "UPDATE runs SET host = 'elsewhere'")
    with pytest.raises(store.StoreCorrupt, match="no digest to tell which is right: table runs"):
        store.publish(own)
    said = mend(own)
    assert any("disagree on 1 cells" in sentence and cell in sentence for sentence in said)
    assert cell not in store.done_cells(own)
    assert len(store.done_cells(own)) == 33
    # Provenance that nobody can prove is said, and kept.
    assert any(sentence.startswith("journal and snapshot disagree on runs") for sentence in said)
    with store.open(own.damaged / "000002.duckdb") as kept:
        assert kept.query("SELECT count(*) FROM cells WHERE cell_id = $cell", cell=cell).fetchall() == [(1,)]
        assert kept.query("SELECT DISTINCT host FROM runs").fetchall() == [("elsewhere",)]


@pytest.mark.essential("the last resort")
def test_a_rebuild_takes_the_journal_alone(own, contents, damage):
    before = contents(own)
    damage("UPDATE layers SET std = 7; DELETE FROM cells WHERE study = 'training'")
    mend(own, rebuild=True)
    assert contents(own) == before


def test_a_list_of_digests_tells_its_own_damage(tmp_path):
    file = tmp_path / digests.NAME
    text = digests.Digests({"a.parquet": "0" * 64, "b.parquet": "1" * 64}, "a note").text().encode()
    file.write_bytes(text)
    assert digests.read(file) == digests.Digests({"a.parquet": "0" * 64, "b.parquet": "1" * 64}, "a note")
    for place in range(len(text)):
        file.write_bytes(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :])
        with pytest.raises(digests.DigestsDamaged):
            digests.read(file)


def test_of_entries_with_digests_no_header_is_read(own, monkeypatch):
    write(own.path, *(believable(1, 1, first_seed=seed) for seed in (50, 60, 70)), published=False)

    def refuse(entry):
        raise AssertionError(f"{entry.name} was opened")

    monkeypatch.setattr(journal, "flaw", refuse)
    monkeypatch.setattr(journal, "deep_flaw", refuse)
    assert len(store.done_cells(own)) == 38


def test_entries_may_be_taken_in_a_few_at_a_time(own, contents, monkeypatch):
    batch = Batch().run(status="failed")
    batch.training(learns=0.3)
    write(own.path, batch, believable(2, 2, first_seed=50), Batch().run(status="killed"), believable(1, 1))
    before = contents(own)
    for size in (1, 2, 3):
        monkeypatch.setattr(ingest, "ENTRIES_AT_ONCE", size)
        store.publish(own, anew=True)
        assert contents(own) == before, size


def test_a_snapshot_that_changed_without_a_new_time_is_not_built_on(own, contents):
    store.publish(own, anew=True)
    before, file = contents(own), own.resolve()
    status = file.stat()
    content = file.read_bytes()
    file.chmod(0o644)
    # In a block that opening the snapshot does not read: in others, DuckDB's own checksums would notice.
    for place in range(len(content) // 16, len(content), len(content) // 16):
        with file.open("r+b") as writer:
            writer.write(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", store.StoreWarning)
            if predecessor.newest(own).path.name == file.name:
                break
    assert seal.intact(file)
    assert seal.intact(file, thorough=True) is False
    assert broken(own)
    write(own.path, Batch().run("another"), published=False)
    with pytest.warns(store.StoreWarning, match="cannot be extended: .* has changed"):
        store.publish(own)
    assert broken(own) == []
    assert contents(own)["layers"] == before["layers"]
