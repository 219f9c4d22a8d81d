"""Whatever in a snapshot follows from the code is compared with it, named when it differs, and made anew."""

from __future__ import annotations

import re

import duckdb
import pytest

from goldilocks import store
from goldilocks.store.checks.check import check
from goldilocks.store.errors import StoreCorrupt
from goldilocks.store.schema import migrate
from goldilocks.store.snapshots.blank import blank

# What somebody, or a bit, may change, and how it is named.
CHANGES = {
    "UPDATE thresholds SET value = 3 * value": "different: threshold alike, threshold chance",
    "UPDATE thresholds SET meaning = 'another' WHERE name = 'alike'": "different: threshold alike",
    "DELETE FROM thresholds WHERE name = 'too_big'": "missing: threshold too_big",
    "INSERT INTO thresholds VALUES ('mine', 1, 'Mine.')": "unexpected: threshold mine",
    "INSERT INTO thresholds FROM thresholds WHERE name = 'alike'": r"unexpected: threshold alike \(again\)",
    "CREATE MACRO avg(x) AS 2 * sum(x) / count(*)": "unexpected: macro avg",
    "CREATE MACRO translate(a, b, c) AS ''": "macro translate",
    "CREATE MACRO mine() AS TABLE SELECT 1 AS x": "unexpected: macro mine",
    "CREATE OR REPLACE VIEW axes AS SELECT * REPLACE (seed + 1 AS seed) FROM cells": "different: .*view axes",
    "DROP VIEW outcomes": "missing: .*view outcomes",
    "CREATE VIEW mine AS SELECT 1 AS x": "unexpected: .*view mine",
    "CREATE TABLE mine (x INTEGER)": "unexpected: .*table mine",
    "CREATE SCHEMA mine": "unexpected: schema mine",
    "CREATE TYPE mine AS ENUM ('a')": "unexpected: type mine",
    "CREATE SEQUENCE mine": "unexpected: sequence mine",
    "CREATE INDEX mine ON cells (seed)": "unexpected: index mine",
    "COMMENT ON TABLE layers IS 'Another.'": 'different: comment TABLE "layers"',
    "COMMENT ON COLUMN layers.std IS 'Another.'": 'different: comment COLUMN "layers"."std"',
    "UPDATE metrics SET unit = 'm' WHERE name = 'std'": "different: metric std",
}
# What cannot be mended in place.
SHAPES = {
    "ALTER TABLE layers ALTER std TYPE DOUBLE": "layers.std",
    "ALTER TABLE curves ADD COLUMN mine INTEGER": "curves.mine",
    "ALTER TABLE curves DROP COLUMN update_ratio": "update_ratio",
    "ALTER TABLE runs ALTER grid DROP NOT NULL": "runs.grid",
}


@pytest.fixture
def database(tmp_path):
    (tmp_path / "blank.duckdb").write_bytes(blank())
    with duckdb.connect(str(tmp_path / "blank.duckdb")) as connection:
        yield connection


def test_an_empty_database_deviates_in_nothing(database):
    assert not migrate.deviations(database)
    assert migrate.unexpected(database) == []


@pytest.mark.parametrize("sql", CHANGES)
def test_a_change_is_named_and_made_good(database, sql):
    database.execute(sql)
    assert re.search(CHANGES[sql], str(migrate.deviations(database)))
    assert not migrate.is_current(database)
    migrate.migrate(database)
    assert migrate.is_current(database), str(migrate.deviations(database))


@pytest.mark.parametrize("sql", SHAPES)
def test_tables_of_another_shape_are_refused(database, sql):
    for view in ("signal_rates", "outcomes", "convergence", "activation_stats", "gradient_stats"):
        database.execute(f"DROP VIEW {view}")
    database.execute(sql)
    with pytest.raises(StoreCorrupt, match=SHAPES[sql]):
        migrate.migrate(database)


def test_what_is_unexpected_is_named_whatever_the_age_of_the_schema():
    with duckdb.connect() as connection:
        migrate._apply(connection, migrate.steps()[0])
        connection.execute("CREATE MACRO avg(x) AS 3; CREATE TABLE mine (x INTEGER)")
        assert migrate.unexpected(connection) == [("macro", "avg"), ("table", "mine")]


def test_tripled_thresholds_change_no_verdict_for_longer_than_until_they_are_noticed(own, damage):
    with store.open(own) as opened:
        before = opened.query("SELECT verdict, count(*) FROM signal_rates GROUP BY ALL ORDER BY ALL").fetchall()
    damage("UPDATE thresholds SET value = 3 * value")
    *_, last = check(own)
    assert not last.holds
    store.publish(own)
    with store.open(own) as opened:
        query = "SELECT verdict, count(*) FROM signal_rates GROUP BY ALL ORDER BY ALL"
        assert opened.query(query).fetchall() == before
    assert all(finding.holds for finding in check(own))
