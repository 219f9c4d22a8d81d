"""Every check holds on a sound store, and each one notices exactly its own kind of damage."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.checks import rows
from goldilocks.store.checks.check import check, checks
from goldilocks.store.files import durable
from goldilocks.store.snapshots.agreement import disagreement
from tests import breadth
from tests.store.builder import believable, write
from tests.store.test_diagnosis_rows import DAMAGE as DIAGNOSES

PROPAGATION = "(SELECT min(cell_id) FROM cells WHERE study = 'propagation' AND status = 'done')"
TRAINING = "(SELECT min(cell_id) FROM cells WHERE study = 'training' AND status = 'done')"

DAMAGE = {
    "everything_commented": ["COMMENT ON COLUMN layers.std IS NULL", "CREATE TABLE bare AS SELECT cell_id FROM cells"],
    "schema_current": ["DELETE FROM metrics", "UPDATE metrics SET unit = 'm'"],
    "journal_ingested": [
        "DELETE FROM journal_entries",
        "INSERT INTO journal_entries BY NAME SELECT '000009-x' AS entry, now()::TIMESTAMP AS ingested_at",
    ],
    "cell_identity": [f"UPDATE cells SET spec = spec || ' ' WHERE cell_id = {PROPAGATION}"],
    "axes_match_spec": [
        f"UPDATE cells SET {axis} = {value} WHERE cell_id = {TRAINING}"
        for axis, value in {
            "study": "'propagation'",
            "network": "'cnn'",
            "dataset": "'cifar10'",
            "preprocessing": "'center'",
            "init": "'kaiming'",
            "activation": "'sin'",
            "norm": "'rms'",
            "optimizer": "NULL",
            "lr": "0.2",
            "depth": "5",
            "width": "9",
            "batch_size": "5",
            "steps": "21",
            "seed": "9",
        }.items()
    ],
    "batches_in_order": [
        f"UPDATE cells SET batch = 1, batch_place = 0, batch_cells = 2 WHERE cell_id IN ({PROPAGATION}, {TRAINING})",
        f"UPDATE cells SET batch = 1, batch_place = 2, batch_cells = 2 WHERE cell_id = {TRAINING}",
        f"UPDATE cells SET batch = 1 WHERE cell_id = {TRAINING}",
    ],
    "curves_complete": [
        f"UPDATE curves SET step = 21 WHERE cell_id = {TRAINING} AND step = 10",
        f"UPDATE curves SET step = -1 WHERE cell_id = {TRAINING} AND step = 10",
        f"DELETE FROM curves WHERE cell_id = {TRAINING}",
        f"DELETE FROM curves WHERE cell_id = {TRAINING} AND step = 0",
        f"DELETE FROM curves WHERE cell_id = {TRAINING} AND step = 20",
    ],
    "done_is_finite": [
        f"UPDATE layers SET std = 'nan' WHERE cell_id = {PROPAGATION} AND layer = 2",
        f"UPDATE layers SET weight_grad_rms = 'inf' WHERE cell_id = {PROPAGATION} AND layer = 1",
        f"UPDATE curves SET train_loss = 'inf' WHERE cell_id = {TRAINING} AND step = 4",
        f"UPDATE curves SET test_loss = 'nan' WHERE cell_id = {TRAINING} AND step = 20",
        # All that the fake study measured in a cell is infinite; its own study takes that for a result.
        "UPDATE metrics SET study = 'propagation' WHERE study IS NOT NULL",
    ],
    "histogram_totals": [
        "UPDATE layer_histograms SET underflow = underflow + 1 WHERE layer = 2 AND tap = 'act'",
        "UPDATE layer_histograms SET counts = [] WHERE layer = 2 AND tap = 'act'",
        "UPDATE layer_histograms SET counts = [], nonfinite = 0 WHERE layer = 2",
    ],
    "known_values": [
        "UPDATE runs SET status = 'tired'",
        f"UPDATE cells SET status = 'fine' WHERE cell_id = {TRAINING}",
        "UPDATE layer_histograms SET tap = 'post' WHERE layer = 1 AND tap = 'pre'",
        "UPDATE measurements SET quantity = 'luck'",
    ],
    "layers_complete": [
        f"DELETE FROM layers WHERE cell_id = {PROPAGATION} AND layer = 4",
        f"DELETE FROM layers WHERE cell_id = {PROPAGATION}",
        f"INSERT INTO layers BY NAME SELECT {TRAINING} AS cell_id, 1 AS layer",
    ],
    "no_orphans": [
        "INSERT INTO layers BY NAME SELECT 'nobody' AS cell_id, 1 AS layer",
        "INSERT INTO curves BY NAME SELECT 'nobody' AS cell_id, 0 AS step",
        "INSERT INTO layer_histograms SELECT 'nobody', * EXCLUDE (cell_id) FROM layer_histograms LIMIT 1",
        "UPDATE measurements SET cell_id = 'nobody'",
        "DELETE FROM runs",
        "INSERT INTO workers BY NAME SELECT 'nobody' AS run_id, '1' AS worker, 'one' AS node",
        f"UPDATE cells SET worker = '9' WHERE cell_id = {TRAINING}",
    ],
    "shares_in_range": [
        f"UPDATE layers SET frac_zero = 1.01 WHERE cell_id = {PROPAGATION}",
        f"UPDATE layers SET frac_saturated = -0.1 WHERE cell_id = {PROPAGATION}",
        f"UPDATE layers SET frac_dead_units = 'nan' WHERE cell_id = {PROPAGATION}",
        f"UPDATE curves SET test_accuracy = 'inf' WHERE cell_id = {TRAINING} AND step = 4",
    ],
    "sizes_not_negative": [
        f"UPDATE layers SET grad_rms = -1 WHERE cell_id = {PROPAGATION}",
        f"UPDATE curves SET test_loss = -0.5 WHERE cell_id = {TRAINING} AND step = 4",
    ],
    "taps_complete": [
        f"DELETE FROM layer_histograms WHERE cell_id = {PROPAGATION} AND layer = 2 AND tap = 'grad'",
        f"UPDATE layer_histograms SET layer = 5 WHERE cell_id = {PROPAGATION} AND layer = 4",
    ],
    "unique_rows": [
        "INSERT INTO runs FROM runs",
        "INSERT INTO curves FROM curves WHERE step = 2",
        "INSERT INTO schemes FROM schemes",
        "INSERT INTO measurements FROM measurements",
        "INSERT INTO metrics FROM metrics WHERE study IS NOT NULL",
        "INSERT INTO workers BY NAME SELECT run_id, '9' AS worker, 'one' AS node FROM runs, range(2)",
    ],
    "journal_agrees": [
        f"UPDATE layers SET std = nextafter(std, 9::FLOAT) WHERE cell_id = {PROPAGATION} AND layer = 1",
        f"UPDATE curves SET test_accuracy = 0.5 WHERE cell_id = {TRAINING} AND step = 4",
        f"UPDATE curves SET grad_norm = 'nan' WHERE cell_id = {TRAINING} AND step = 4",
        "UPDATE layer_histograms SET lo = -9 WHERE lo < 0",
        "UPDATE measurements SET value = 7",
        "UPDATE cells SET seconds = 7",
        "UPDATE runs SET grid = 'another'",
        "INSERT INTO workers BY NAME SELECT run_id, '9' AS worker, 'one' AS node FROM runs",
        "UPDATE schemes SET title = 'another'",
        "DELETE FROM schemes",
        "UPDATE metrics SET unit = 'm' WHERE study IS NOT NULL",
    ],
}
CASES = [(name, sql) for name, statements in DAMAGE.items() for sql in statements]
OF_ROWS = [(name, sql) for name, sql in CASES if name in rows.invariants() or name == "journal_agrees"]
OF_FILES = [case for case in CASES if case not in OF_ROWS]


def first_of_each(cases: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [next(case for case in cases if case[0] == name) for name in dict(cases)]


def ids(cases: list[tuple[str, str]]) -> list[str]:
    return [f"{name}-{number}" for number, (name, _) in enumerate(cases)]


@pytest.fixture(scope="module")
def copy(layout, tmp_path_factory):
    """A connection to a copy of the snapshot."""
    file = tmp_path_factory.mktemp("copy") / "grid.duckdb"
    shutil.copyfile(layout.resolve(), file)
    with duckdb.connect(str(file)) as connection:
        yield connection


@pytest.fixture
def changeable(copy):
    """The same; what is changed is put right again."""
    copy.execute("BEGIN")
    yield copy
    copy.execute("ROLLBACK")


def test_every_check_holds_on_a_sound_store(layout):
    findings = list(check(layout))
    assert [finding.name for finding in findings] == ["opens", *checks()]
    assert [finding for finding in findings if not finding.holds] == []
    assert all(finding.sentence.endswith(".") for finding in findings)


def test_every_check_has_damage_that_it_notices():
    # What is wrong with files is in tests of their own.
    elsewhere = {"pointer_newest", "snapshot_intact", "no_foreign_log", "journal_intact", *DIAGNOSES}
    assert {*DAMAGE, *elsewhere} == set(checks())


def first_broken(connection: duckdb.DuckDBPyConnection, layout: store.Layout) -> str:
    """Asks in the order of `store check`."""
    for name, (_, sql) in rows.invariants().items():
        if not rows.none_of(connection, sql).holds:
            return name
    return "journal_agrees" if disagreement(connection, journal.entries(layout)) else ""


@pytest.mark.parametrize(("name", "sql"), OF_ROWS, ids=ids(OF_ROWS))
def test_damage_to_rows_is_noticed_by_its_check_and_by_no_earlier_one(layout, changeable, name, sql):
    changeable.execute(sql)
    assert first_broken(changeable, layout) == name


WHOLE = OF_FILES + breadth.few(first_of_each(OF_ROWS), 3)


@pytest.mark.parametrize(("name", "sql"), WHOLE)
def test_damage_is_said_by_the_check_of_a_store(own, damage, name, sql):
    damage(sql)
    *sound, last = check(own)
    assert all(finding.holds for finding in sound)
    assert (last.name, last.holds) == (name, False), last
    assert last.detail


@pytest.mark.parametrize("content", [b"", b"not a database", b"\0" * 500_000])
def test_a_snapshot_that_does_not_open_is_noticed(own, content):
    own.resolve().write_bytes(content)
    (finding,) = check(own)
    assert (finding.name, finding.holds) == ("opens", False)
    assert "check --repair" in finding.detail


def test_a_pointer_to_an_older_snapshot_is_noticed(own):
    write(own.path, believable(1, 1, first_seed=50))
    durable.point(own.path, own.snapshot_file(1))
    *_, last = check(own)
    assert (last.name, last.holds) == ("pointer_newest", False)


def test_a_journal_entry_that_was_damaged_after_its_publication_is_noticed(own):
    journal.entries(own)[0].file("curves").write_bytes(b"PAR1")
    *_, last = check(own)
    assert (last.name, last.holds) == ("journal_intact", False)


def test_a_missing_pointer_is_noticed(own):
    own.path.unlink()
    (finding,) = check(own)
    assert (finding.name, finding.holds) == ("opens", False)


def test_waiting_work_is_broken_only_when_nobody_writes(own):
    write(own.path, believable(1, 1, first_seed=50), published=False)
    *_, last = check(own)
    assert (last.name, last.holds) == ("journal_ingested", False)
    assert "000002-test" in last.detail
    with store.WriterLock(own):
        findings = list(check(own))
    assert all(finding.holds for finding in findings)
    assert any("1 entries are unpublished while process" in finding.detail for finding in findings)


def test_a_lost_journal_entry_is_noticed(own):
    durable.discard(journal.entries(own)[0].path)
    *_, last = check(own)
    assert (last.name, last.holds) == ("journal_ingested", False)
    assert "the journal lacks 000001-test" in last.detail


def test_a_snapshot_that_was_copied_away_is_a_store_without_journal(layout, tmp_path):
    alone = tmp_path / "alone.duckdb"
    alone.write_bytes(layout.resolve().read_bytes())
    assert all(finding.holds for finding in check(alone))
