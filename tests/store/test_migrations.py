"""A store written by each schema still opens, is brought up to date, and loses nothing on the way.

Each asset in `assets` is a whole store (pointer, journal, snapshot) of a small grid, written by the code of its time;
`python -m tests.store.make_asset` makes that of the present schema. Step 2 never stood alone in a commit: its asset is
that of step 1, migrated by step 2.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from goldilocks import store
from goldilocks.store.checks.check import check
from goldilocks.store.exchange.merge import merge
from goldilocks.store.schema import migrate
from tests import breadth
from tests.store.make_asset import asset

STEPS = [step.number for step in migrate.steps()]


def unpacked(number: int, folder: Path) -> store.Layout:
    with tarfile.open(asset(number)) as archive:
        archive.extractall(folder, filter="data")
    return store.Layout.at(folder / "grid.duckdb")


def test_every_schema_has_an_asset_the_present_one_too():
    assert [number for number in STEPS if not asset(number).exists()] == [], "run python -m tests.store.make_asset"


@pytest.mark.parametrize("number", STEPS)
def test_it_opens_as_it_is(number, tmp_path):
    layout = unpacked(number, tmp_path)
    with store.open(layout) as opened:
        assert max(migrate.applied(opened.cursor())) == number
        assert opened.query("SELECT count(*) FROM cells").fetchall() == [(6,)]
        assert opened.query("SELECT count(*) FROM activation_stats").fetchall() == [(12,)]
        assert opened.query("SELECT count(*) FROM outcomes").fetchall() == [(2,)]
        if number == STEPS[-1]:
            assert opened.sites_over_seeds().fetchall() == []
        else:
            # It asks for a column of the newest step.
            with pytest.raises(store.StoreInvalid, match="goldilocks store publish"):
                opened.sites_over_seeds()
    assert len(store.done_cells(layout)) == 6


# Each of them takes every step after its own: the first one all of them.
@pytest.mark.essential("stores of the past are taken in here alone")
@pytest.mark.parametrize("number", breadth.few(STEPS, 1))
def test_publishing_brings_it_up_to_date_and_loses_nothing(number, tmp_path, contents):
    layout = unpacked(number, tmp_path)
    before = contents(layout)
    with store.open(layout) as opened:
        names = set(before) - {"metrics", "schema_steps", "thresholds"}
        known = {name: opened.query(f"SELECT * FROM {name} LIMIT 0").columns for name in names}
    store.publish(layout)
    assert [finding for finding in check(layout) if not finding.holds] == []
    with store.open(layout) as opened:
        assert migrate.applied(opened.cursor()) == set(STEPS)
        assert len(opened.outcomes_over_seeds().fetchall()) == 2
        for name in names:
            columns = ", ".join(f'"{column}"' for column in known[name] if column not in ("ingested_at", "applied_at"))
            after = sorted(map(repr, opened.query(f"SELECT {columns} FROM {name}").fetchall()))
            assert after == before[name], name
    migrated = contents(layout)
    # The journal alone gives the same.
    store.publish(layout, anew=True)
    assert contents(layout) == migrated


@pytest.mark.parametrize("number", breadth.few(STEPS, 2))
def test_it_can_be_merged(number, tmp_path):
    old, new = unpacked(number, tmp_path / "old"), store.Layout.at(tmp_path / "new.duckdb")
    assert merge(new, old.resolve()).added == 6
    assert [finding for finding in check(new) if not finding.holds] == []


def test_steps_are_numbered_without_gaps():
    assert list(range(1, len(STEPS) + 1)) == STEPS
