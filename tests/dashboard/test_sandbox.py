"""The SQL box answers questions and nothing else."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from goldilocks.dashboard import sandbox
from tests.breadth import few
from tests.dashboard.opening import HANGS
from tests.dashboard.statements import answers

ALLOWED = [
    "SELECT 1 AS one",
    "FROM cells",
    "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
    "SELECT layer, avg(std) FROM activation_stats GROUP BY layer",
    "EXPLAIN SELECT count(*) FROM layers",
    "VALUES (1), (2)",
    "SELECT 'NaN'::FLOAT, 'inf'::FLOAT",
    "SELECT count(*) FROM cells -- a comment;",
    "PIVOT cells ON norm USING count(*) GROUP BY init",
    "/* in one line */ FROM (PIVOT cells ON norm USING count(*) GROUP BY init)",
    "SUMMARIZE cells",
    "DESCRIBE cells",
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
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM parquet_metadata('/etc/passwd')",
    "SELECT * FROM read_duckdb('/tmp/other.duckdb', table_name = 'cells')",
    "SELECT * FROM read_csv('/proc/self/environ')",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT * FROM range(1) WHERE EXISTS (FROM glob('/root/.ssh/*'))",
    "SELECT * FROM query('FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query('COPY cells TO ''/tmp/stolen.csv''')",
    "FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''/etc/passwd'')'))",
    "SELECT * FROM sqlite_scan('/tmp/other.db', 'secrets')",
    "SELECT * FROM pandas_scan(140000)",
    "SELECT * FROM request",
    "SELECT * FROM duckdb_secrets()",
    "FROM enable_logging(storage = 'file', storage_config = {'path': '/tmp/stolen'})",
    "FROM enable_profiling()",
    "WITH x AS (DELETE FROM cells RETURNING *) SELECT * FROM x",
    "EXPLAIN ANALYZE COPY cells TO '/tmp/stolen.csv'",
    "EXPLAIN ANALYZE DELETE FROM cells",
    "EXPLAIN ANALYZE SET memory_limit = '100GB'",
    "EXPLAIN ANALYZE LOAD '/tmp/evil.duckdb_extension'",
    "EXPLAIN ANALYZE INSTALL httpfs",
    "EXPLAIN ANALYZE CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "CREATE TEMP TABLE x AS SELECT 1",
    "SET VARIABLE x = 1",
    "SELECT 1 --\n; DROP TABLE cells",
    "/* SELECT 1 */ DROP TABLE cells",
    "/* SELECT 1; */ COPY cells TO '/tmp/stolen.csv' -- SELECT 2",
]
ENDLESS = [
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n + 1 FROM t) FROM t",
    "SELECT count(*) FROM layers a, layers b, layers c, layers d, layers e WHERE a.std + b.std + c.std + d.std = e.std",
    "SELECT sleep_ms(100000)",
    # Takes minutes to be read.
    f"SELECT * FROM {'(' * 9000}cells{')' * 9000}",
]
HUNGRY = [
    "SELECT list(range) FROM range(2000000000)",
    "SELECT repeat('x', 2000000000) || repeat('y', 2000000000)",
    "SELECT range, random() FROM range(1000000000) ORDER BY 2",
    "SELECT string_agg(repeat('x', 1000000), '') FROM range(100000)",
]
# Answered within all limits of the process, and too much for the server and for a browser.
LARGE = ["SELECT repeat('x', 20000000) FROM range(4)"]
HOSTILE = {*REFUSED, *ENDLESS, *HUNGRY, *LARGE}


START, SPARE = sandbox._start, sandbox._Spare()


@pytest.fixture
def started(monkeypatch):
    """Processes of statements are started as the dashboard starts them."""
    monkeypatch.setattr(sandbox, "_start", START)
    monkeypatch.setattr(sandbox, "_spare", SPARE)


@pytest.fixture(autouse=True)
def _store(filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))


@pytest.mark.parametrize("sql", few(ALLOWED, 2))
def test_questions_are_answered(sql):
    assert len(sandbox.ask(sql, seconds=HANGS).frame)


def test_all_questions_are_answered_by_one_process(filled_store):
    for sql, answer in zip(ALLOWED, answers(ALLOWED, filled_store), strict=True):
        assert not isinstance(answer, str), (sql, answer)
        assert len(answer), sql


def test_there_are_at_least_forty_hostile_questions():
    """Spaces and semicolons do not make a question another one."""
    assert len({" ".join(sql.lower().split()).strip("; ") for sql in HOSTILE}) >= 40


def surroundings(path):
    """Everything that a question might change: the snapshot, the store's files, the environment, files elsewhere."""
    files = {one: one.stat().st_mtime_ns for one in path.parent.rglob("*")}
    elsewhere = {*Path("/tmp").glob("stolen*"), *Path("/tmp").glob("other*"), *Path.home().glob(".duckdb/**")}
    return path.resolve().read_bytes(), files, dict(os.environ), elsewhere


@pytest.mark.parametrize("sql", few(REFUSED, 8))
def test_everything_else_is_refused_with_a_sentence_and_changes_nothing(sql, filled_store):
    before = surroundings(filled_store)
    with pytest.raises(sandbox.Refused) as refusal:
        sandbox.ask(sql)
    assert str(refusal.value)
    assert "root:" not in str(refusal.value)
    assert surroundings(filled_store) == before


@pytest.mark.essential("the sandbox for strangers' SQL")
def test_all_else_is_refused_with_a_sentence_by_one_process_and_changes_nothing(filled_store):
    before = surroundings(filled_store)
    for sql, said in zip(REFUSED, answers(REFUSED, filled_store), strict=True):
        assert isinstance(said, str), sql
        assert said, sql
        assert "root:" not in said, sql
    assert surroundings(filled_store) == before


@pytest.mark.parametrize("sql", ENDLESS)
def test_endless_questions_are_stopped(sql):
    with pytest.raises(sandbox.Refused, match=r"stopped|[Mm]emory"):
        sandbox.ask(sql, seconds=0.5)


def test_no_statement_is_read_in_the_server(monkeypatch):
    """While DuckDB's parser reads, no other thread of its process can do anything."""
    monkeypatch.delattr("duckdb.extract_statements")
    assert len(sandbox.ask("SELECT 1", seconds=HANGS).frame)


@pytest.mark.essential("the sandbox for strangers' SQL")
@pytest.mark.parametrize("sql", few(HUNGRY, 2))
@pytest.mark.usefixtures("started")
def test_hungry_questions_are_stopped(sql):
    with pytest.raises(sandbox.Refused, match=r"stopped|[Mm]emory|too large|exceed|out of range|[Ll]imit"):
        sandbox.ask(sql, seconds=2.0)


@pytest.mark.parametrize("sql", LARGE)
@pytest.mark.usefixtures("started")
def test_large_answers_stay_out_of_the_server(sql):
    with pytest.raises(sandbox.Refused, match=f"larger than {sandbox.MOST_BYTES // 2**20} MB"):
        sandbox.ask(sql, seconds=HANGS)


def test_only_so_many_are_answered_at_once():
    with ExitStack() as others:
        for _ in range(sandbox.MOST_AT_ONCE):
            others.enter_context(sandbox._turns)
        with pytest.raises(sandbox.Refused, match="busy"):
            sandbox.ask("SELECT 1", seconds=0.1)
    assert len(sandbox.ask("SELECT 1", seconds=HANGS).frame)


@pytest.mark.parametrize("sql", ["SELECT getenv('HOME')", ENDLESS[-2]])
def test_what_is_refused_or_stopped_stands_in_nobodys_way(sql):
    for _ in range(sandbox.MOST_AT_ONCE + 1):
        with pytest.raises(sandbox.Refused):
            sandbox.ask(sql, seconds=0.5)
    assert len(sandbox.ask("SELECT 1", seconds=HANGS).frame)


@pytest.mark.essential("nowhere else is an answer as long as it may be")
def test_long_answers_are_cut_and_said_to_be():
    answer = sandbox.ask("SELECT * FROM range(100000)", HANGS, rows=50)
    assert (len(answer.frame), answer.cut) == (50, True)
    assert not sandbox.ask("SELECT * FROM range(50)", HANGS, rows=50).cut
