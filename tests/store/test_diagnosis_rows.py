"""Rows of diagnosed networks go the ways of all others: checked, packed, merged, exported, and lost nowhere."""

from __future__ import annotations

import math
import shutil

import duckdb
import pytest

from goldilocks import store
from goldilocks.store import journal, tables
from goldilocks.store.checks.check import check
from goldilocks.store.checks.rows import invariants, none_of
from goldilocks.store.exchange.conflicts import conflicts
from goldilocks.store.exchange.export import export
from goldilocks.store.exchange.merge import merge
from goldilocks.store.snapshots.agreement import disagreement
from goldilocks.store.writing import packing
from tests.store.builder import Batch, write

OWN = ("diagnoses", "sites", "taps", "parameters", "findings")
GOOD = "(SELECT min(cell_id) FROM cells WHERE status = 'done')"
DAMAGE = {
    "done_is_finite": [
        f"UPDATE taps SET std = 'nan' WHERE site = 2 AND cell_id = {GOOD}",
        f"UPDATE taps SET frac_nonfinite = 0.5 WHERE site = 2 AND cell_id = {GOOD}",
    ],
    "known_values": [
        "UPDATE findings SET severity = 'fatal'",
        "UPDATE diagnoses SET verdict = 'fine'",
        "UPDATE sites SET role = 'trunk' WHERE site = 1",
        "UPDATE sites SET site_kind = 'magic' WHERE site = 1",
        "UPDATE parameters SET part = 'spare'",
    ],
    "layers_complete": [f"DELETE FROM layers WHERE cell_id = {GOOD}", "DELETE FROM layers WHERE layer = 2"],
    "no_orphans": [f"INSERT INTO {name} SELECT 'nobody', * EXCLUDE (cell_id) FROM {name} LIMIT 1" for name in OWN],
    "shares_in_range": [
        f"UPDATE taps SET frac_zero = 2 WHERE cell_id = {GOOD}",
        f"UPDATE taps SET frac_saturated = 'nan' WHERE cell_id = {GOOD}",
        f"UPDATE parameters SET equal_units = -1 WHERE cell_id = {GOOD}",
    ],
    "sites_complete": [
        f"DELETE FROM sites WHERE site = 0 AND cell_id = {GOOD}",
        f"DELETE FROM taps WHERE site = 2 AND cell_id = {GOOD}",
        f"DELETE FROM diagnoses WHERE cell_id = {GOOD}",
        f"UPDATE sites SET layer = NULL WHERE site = 2 AND cell_id = {GOOD}",
        f"UPDATE sites SET layer = 9 WHERE site = 2 AND cell_id = {GOOD}",
        f"INSERT INTO taps SELECT * REPLACE (9 AS site) FROM taps WHERE site = 2 AND cell_id = {GOOD}",
        f"UPDATE cells SET status = 'failed' WHERE cell_id = {GOOD}",
    ],
    "sizes_not_negative": [
        f"UPDATE taps SET rms = -1 WHERE cell_id = {GOOD}",
        f"UPDATE taps SET theory_rms = -1 WHERE cell_id = {GOOD}",
        f"UPDATE parameters SET magnitude = -1 WHERE cell_id = {GOOD}",
    ],
    "unique_rows": [f"INSERT INTO {name} FROM {name} LIMIT 1" for name in OWN],
    "journal_agrees": [
        "UPDATE findings SET why = 'Another.'",
        "UPDATE diagnoses SET unseen = []",
        "UPDATE sites SET shape = [1]",
        "UPDATE taps SET max = nextafter(max, 9) WHERE site = 0",
        "UPDATE parameters SET also = ['other']",
    ],
}
CASES = [(name, sql) for name, statements in DAMAGE.items() for sql in statements]


def diagnosed(run_id: str = "one", *seeds: int, **axes) -> Batch:
    """Cells of some seeds, the odd ones of which met NaN or infinity."""
    batch = Batch().run(run_id)
    for seed in seeds:
        batch.diagnosis(
            shift=(math.nan, math.inf)[seed // 2 % 2] if seed % 2 else 0.0, seed=seed, run_id=run_id, **axes
        )
    return batch


def broken(layout: store.Layout) -> list[str]:
    return [finding.name for finding in check(layout) if not finding.holds]


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> store.Layout:
    return write(tmp_path_factory.mktemp("diagnoses") / "grid.duckdb", diagnosed("one", 0, 1, 2, 3))


@pytest.fixture(scope="module")
def opened(sound, tmp_path_factory):
    """A copy of the snapshot that can be changed, and is put right again after each question."""
    file = tmp_path_factory.mktemp("copy") / "grid.duckdb"
    shutil.copyfile(sound.resolve(), file)
    with duckdb.connect(str(file)) as connection:
        yield connection


def test_every_check_holds(sound):
    assert broken(sound) == []


@pytest.mark.parametrize(("name", "sql"), CASES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(CASES)])
def test_damage_is_noticed_by_its_check(sound, opened, name, sql):
    opened.execute("BEGIN")
    opened.execute(sql)
    if name == "journal_agrees":
        noticed = bool(disagreement(opened, journal.entries(sound)))
    else:
        noticed = not none_of(opened, invariants()[name][1]).holds
    opened.execute("ROLLBACK")
    assert noticed


def test_every_table_has_rows_here_and_is_known_to_the_journal(sound):
    assert set(OWN) <= set(tables.RESULTS) <= set(tables.names())
    with store.open(sound) as opened:
        for name in OWN:
            assert opened.query(f"SELECT count(*) FROM {name}").fetchall()[0][0] > 0


def test_what_is_not_finite_is_stored_as_it_is(sound):
    with store.open(sound) as opened:
        found = opened.query(
            "SELECT DISTINCT std FROM site_stats WHERE seed IN (1, 3) AND site = 1 ORDER BY std"
        ).fetchall()
    assert [repr(value) for (value,) in found] == ["inf", "nan"]


def test_packs_hold_what_the_entries_held(tmp_path, contents, monkeypatch):
    batches = [diagnosed("one", seed) for seed in range(4)]
    plain = write(tmp_path / "plain.duckdb", *batches)
    monkeypatch.setattr(packing, "LEAST", 3)
    packed = write(tmp_path / "packed.duckdb", *batches)
    assert all(entry.packed for entry in journal.entries(packed))
    assert contents(packed) == contents(plain)
    assert broken(packed) == []


def rows(found: dict[str, list]) -> dict[str, list]:
    return {name: lines for name, lines in found.items() if name not in ("journal_entries", "schema_steps")}


def test_a_union_is_what_one_store_would_hold(tmp_path, contents):
    here, there = (
        write(tmp_path / f"{name}.duckdb", diagnosed(name, *seeds))
        for name, seeds in (("one", (0, 1)), ("two", (2, 3)))
    )
    together = write(tmp_path / "all.duckdb", diagnosed("one", 0, 1), diagnosed("two", 2, 3))
    assert merge(here, there.path).added == 2
    assert rows(contents(here)) == rows(contents(together))
    assert broken(here) == []


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A connection to a copy of a store's snapshot, with another one beside it that was measured in another way."""
    folder = tmp_path_factory.mktemp("compared")
    here, there = (write(folder / f"{name}.duckdb", diagnosed(name, 0)) for name in ("one", "two"))
    there.resolve().chmod(0o644)
    with duckdb.connect(str(there.resolve())) as connection:
        connection.execute("UPDATE diagnoses SET method = 'vmap', reason = 'another', at_once = 9, packages = '{}'")
        connection.execute(f"ATTACH '{here.resolve()}' AS here (READ_ONLY)")
        yield connection


@pytest.mark.parametrize(
    ("change", "largest"),
    [
        ("UPDATE taps SET std = 1.5 WHERE site = 1", 1 / 3),
        ("UPDATE findings SET measured = 2e5", 0.5),
        ("UPDATE sites SET label = label || '?'", 0.0),
        ("UPDATE diagnoses SET verdict = 'dead'", 0.0),
        ("DELETE FROM findings", math.inf),
    ],
)
def test_other_results_are_a_conflict_and_the_way_of_measuring_is_none(compared, change, largest):
    assert list(conflicts(compared)) == []
    compared.execute("BEGIN")
    compared.execute(change)
    found = list(conflicts(compared))
    compared.execute("ROLLBACK")
    assert [one.largest for one in found] == [pytest.approx(largest)]


def test_an_export_is_read_back_without_loss(sound, tmp_path, contents):
    with store.open(sound) as opened:
        export(opened, tmp_path / "folder")
    back = store.Layout.at(tmp_path / "back.duckdb")
    assert merge(back, tmp_path / "folder", "import").added == 4
    assert rows(contents(back)) == rows(contents(sound))
