"""The SQL box answers questions and nothing else."""

import pytest

from dashboard import sandbox

ALLOWED = [
    "SELECT 1 AS one",
    "FROM cells",
    "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
    "SELECT layer, avg(std) FROM activation_stats GROUP BY layer",
    "EXPLAIN SELECT count(*) FROM layers",
    "VALUES (1), (2)",
    "SELECT 'NaN'::FLOAT, 'inf'::FLOAT",
    "SELECT count(*) FROM cells -- a comment;",
]
REFUSED = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/shadow')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_parquet('https://example.org/x.parquet')",
    "SELECT * FROM glob('/*')",
    "COPY cells TO '/tmp/stolen.csv'",
    "COPY (SELECT 1) TO '/tmp/stolen.csv'",
    "EXPORT DATABASE '/tmp/stolen'",
    "IMPORT DATABASE '/tmp/stolen'",
    "ATTACH '/tmp/other.duckdb' AS other",
    "DETACH grid",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "INSTALL '/tmp/evil.duckdb_extension'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET enable_external_access",
    "SET memory_limit = '100GB'",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "PRAGMA disable_verification",
    "CREATE TABLE x AS SELECT 1",
    "CREATE VIEW x AS SELECT 1",
    "CREATE MACRO f(x) AS x",
    "CREATE SECRET s (TYPE s3)",
    "DROP TABLE cells",
    "DELETE FROM cells",
    "UPDATE cells SET seed = 1",
    "INSERT INTO cells SELECT * FROM cells",
    "ALTER TABLE cells ADD COLUMN x INT",
    "TRUNCATE cells",
    "VACUUM",
    "CHECKPOINT",
    "BEGIN TRANSACTION",
    "CALL pragma_version()",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE cells",
    "",
    "   ;  ",
    "SELEKT 1",
    "SELECT * FROM no_such_table",
    "SELECT getenv('HOME')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
]
ENDLESS = [
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
]
HUNGRY = [
    "SELECT list(range) FROM range(2000000000)",
    "SELECT repeat('x', 2000000000) || repeat('y', 2000000000)",
    "SELECT range, random() FROM range(1000000000) ORDER BY 2",
]


@pytest.fixture(autouse=True)
def _store(filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))


@pytest.mark.parametrize("sql", ALLOWED)
def test_questions_are_answered(sql):
    assert len(sandbox.ask(sql).frame)


@pytest.mark.parametrize("sql", REFUSED)
def test_everything_else_is_refused_with_a_sentence_and_changes_nothing(sql, filled_store):
    before = filled_store.resolve().read_bytes()
    with pytest.raises(sandbox.Refused) as refusal:
        sandbox.ask(sql)
    assert str(refusal.value)
    assert filled_store.resolve().read_bytes() == before


@pytest.mark.parametrize("sql", ENDLESS)
def test_endless_questions_are_stopped(sql):
    with pytest.raises(sandbox.Refused, match=r"stopped|[Mm]emory"):
        sandbox.ask(sql, seconds=1.0)


@pytest.mark.parametrize("sql", HUNGRY)
def test_hungry_questions_are_stopped(sql):
    with pytest.raises(sandbox.Refused, match=r"stopped|[Mm]emory|too large|exceed|out of range|[Ll]imit"):
        sandbox.ask(sql, seconds=2.0)


def test_long_answers_are_cut_and_said_to_be():
    answer = sandbox.ask("SELECT * FROM range(100000)", rows=50)
    assert (len(answer.frame), answer.cut) == (50, True)
    assert not sandbox.ask("SELECT * FROM range(50)", rows=50).cut
