"""Rows of every type in every format, whole or with a sentence; stdout, files and devices that take them or do not."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from goldilocks.store.__main__ import app
from goldilocks.store.exchange import output
from tests import breadth

# What Parquet has no place for, and is refused in a sentence: the format has no such columns, nor so many digits.
NOT_IN_PARQUET = {"empty_struct", "hugeint", "uhugeint"}
ODD = {
    "infinite dates": "SELECT unnest(['infinity', '-infinity', '4713-01-01 (BC)', '2026-01-02'])::DATE AS x",
    "infinite times": "SELECT unnest(['infinity', '0044-03-15 (BC) 12:00:00'])::TIMESTAMPTZ AS x",
    "interval": "SELECT INTERVAL '1 month 2 days 3 seconds' AS x",
    "map": "SELECT map {'a': 0.1::FLOAT, 'b': 'nan'} AS x",
    "bit": "SELECT '0101'::BIT AS x",
    "union": "SELECT 'nan'::FLOAT::UNION(number FLOAT, text VARCHAR) AS x UNION ALL SELECT 'a'::UNION(t VARCHAR)",
    "nested NaN": "SELECT {'a': ['nan'::DOUBLE, NULL], 'b': {'c d': map {'k': ['-inf'::FLOAT]}}} AS x",
    "null structs": "SELECT NULL::STRUCT(a DOUBLE) AS x UNION ALL SELECT {'a': NULL}",
    "variant JSON": "SELECT '{\"a\": [1, null]}'::JSON AS x",
    "decimal": "SELECT 12345678901234567890.12::DECIMAL(30, 2) AS x",
    "sum": "SELECT sum(range) AS x FROM range(10)",
    "no rows": "SELECT 1 AS x LIMIT 0",
    "DESCRIBE": "DESCRIBE SELECT 1 AS x",
    "SUMMARIZE": "SUMMARIZE SELECT 1 AS x",
    "EXPLAIN": "EXPLAIN SELECT 1",
    "SHOW": "SHOW TABLES",
    "PIVOT": "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)",
    "SET": "SET threads = 1",
    "quotes": 'SELECT 1 AS "a""b", 2 AS "c\'d", 3 AS "select"',
    "twice": 'SELECT 1 AS a, 2 AS a, 3 AS "A", 4 AS a_1',
}


def written(sql: str, form: str, connection: duckdb.DuckDBPyConnection | None = None) -> bytes:
    sink = io.BytesIO()
    output.FORMATS[form]((connection or duckdb).sql(sql), sink)
    return sink.getvalue()


def strictly(text: bytes):
    """Reads JSON as JavaScript would: no NaN, no Infinity."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def check(sql: str, form: str, tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    content, rows = written(sql, form, connection), len(connection.sql(sql).fetchall())
    if form == "table":
        assert len(content.decode().splitlines()) >= rows + (rows > 0)
    elif form == "csv":
        assert len(list(csv.reader(io.StringIO(content.decode(), newline="")))) == rows + 1
    elif form == "json":
        assert len(strictly(content)) == rows
    else:
        (tmp_path / "rows.parquet").write_bytes(content)
        assert duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/rows.parquet'").fetchall() == [(rows,)]


@pytest.fixture(scope="module")
def every_type():
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE every_type AS FROM test_all_types()")
        yield connection


@pytest.mark.parametrize("form", output.FORMATS)
def test_every_type_of_duckdb_in_every_format(every_type, form, tmp_path):
    for name in every_type.table("every_type").columns:
        sql = f'SELECT "{name}" AS x FROM every_type'
        if form == "parquet" and name in NOT_IN_PARQUET:
            with pytest.raises(duckdb.Error, match=r"Empty STRUCT|DECIMAL"):
                written(sql, form, every_type)
        else:
            check(sql, form, tmp_path, every_type)


@pytest.mark.parametrize("form", output.FORMATS)
def test_odd_values_and_statements_in_every_format(every_type, form, tmp_path):
    for sql in ODD.values():
        check(sql, form, tmp_path, every_type)


def test_values_are_written_as_duckdb_writes_them():
    text = written(
        "SELECT INTERVAL '1 month 2 days' AS i, map {'a': 1} AS m, '0101'::BIT AS b, 'infinity'::DATE AS d, "
        "'0044-03-15 (BC)'::DATE AS bc, 1::UNION(u INTEGER, v VARCHAR) AS u, 0.1::FLOAT AS f",
        "csv",
    )
    assert text.decode().splitlines()[1] == "1 month 2 days,{a=1},0101,infinity,0044-03-15 (BC),1,0.1"
    table = written("SELECT INTERVAL '1 month 2 days' AS i, map {'a': 1} AS m, '0101'::BIT AS b", "table").decode()
    assert " ".join(table.splitlines()[-1].split()) == "1 month 2 days {a=1} 0101"


def test_json_keeps_numbers_digits_and_nulls():
    (row,) = strictly(
        written(
            "SELECT [0.1::FLOAT, 'nan', NULL] AS l, {'a': 'inf'::DOUBLE} AS s, map {'k': '-inf'::FLOAT} AS m, "
            "'nan'::FLOAT::UNION(p FLOAT, q VARCHAR) AS u, NULL::DOUBLE AS z, NULL::STRUCT(a DOUBLE) AS n, "
            "170141183460469231731687303715884105727::HUGEINT AS h, (0.1::FLOAT, 'x') AS t",
            "json",
        )
    )
    assert row == {
        "l": [0.1, "NaN", None],
        "s": {"a": "Infinity"},
        "m": {"k": "-Infinity"},
        "u": {"p": "NaN"},
        "z": None,
        "n": None,
        "h": 170141183460469231731687303715884105727,
        "t": [0.1, "x"],
    }


def test_parquet_keeps_every_digit_of_a_sum(tmp_path):
    largest = 2**63 - 1
    (tmp_path / "rows.parquet").write_bytes(
        written(f"SELECT sum(x) AS x, [sum(x)] AS l FROM unnest([{largest}, {largest}]) AS t(x)", "parquet")
    )
    ((total, (inside,)),) = duckdb.sql(f"FROM '{tmp_path}/rows.parquet'").fetchall()
    assert total == inside == Decimal(2 * largest)


EXACT = {
    "a sum": "SELECT 12345678901234567890123456789012345678::HUGEINT",
    "an unsigned sum": "SELECT 12345678901234567890123456789012345678::UHUGEINT",
    "microseconds": "SELECT INTERVAL '3.000001 seconds'",
    "back in time": "SELECT INTERVAL '-1 month -2 days'",
    "a zone": "SELECT '12:00:00+05:30'::TIMETZ",
    "nanoseconds": "SELECT '2026-01-02 03:04:05.123456789'::TIMESTAMP_NS",
    "before Christ": "SELECT {'d': '0044-03-15 (BC)'::DATE, 't': '-infinity'::TIMESTAMP}",
    "members": "SELECT ['HUGEINT'::ENUM('HUGEINT', 'it''s')]",
    "names": """SELECT {'HUGEINT': 5, 'a "HUGEINT" b': 123456789012345678901::HUGEINT}""",
    "lists": "SELECT [[123456789012345678901::HUGEINT, NULL]]",
    "arrays": "SELECT [123456789012345678901::HUGEINT]::HUGEINT[1]",
    "maps": "SELECT map {123456789012345678901::HUGEINT: INTERVAL '0.000001 seconds'}",
    "bits": "SELECT {'b': '0101'::BIT, 'u': 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID}",
}
# These are structs in Parquet.
INSIDE = {
    "tuples": ("SELECT (123456789012345678901::HUGEINT, 'a')", "element1"),
    "unions": ("SELECT 123456789012345678901::HUGEINT::UNION(h HUGEINT, t VARCHAR)", "h"),
}


@pytest.mark.parametrize("sql", EXACT.values(), ids=EXACT)
def test_parquet_keeps_every_value_of_every_type(sql, tmp_path):
    (tmp_path / "rows.parquet").write_bytes(written(sql, "parquet"))
    texts = [
        duckdb.sql(f"SELECT #1::VARCHAR FROM ({rows})").fetchall() for rows in (sql, f"FROM '{tmp_path}/rows.parquet'")
    ]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(("sql", "field"), INSIDE.values(), ids=INSIDE)
def test_parquet_keeps_every_digit_inside(sql, field, tmp_path):
    (tmp_path / "rows.parquet").write_bytes(written(sql, "parquet"))
    ((row,),) = duckdb.sql(f"FROM '{tmp_path}/rows.parquet'").fetchall()
    assert row[field] == 123456789012345678901


def test_a_variant_is_json_too():
    sql = """SELECT {'a': ['nan'::DOUBLE, '-inf'::DOUBLE, 0.5], 'b': 'x NaN ", -Infinity \\', 'NaN': 1}::VARIANT AS x"""
    assert strictly(written(sql, "json")) == [
        {"x": {"a": ["NaN", "-Infinity", 0.5], "b": 'x NaN ", -Infinity \\', "NaN": 1}}
    ]


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_columns_of_one_name_are_all_there(form, tmp_path):
    file = tmp_path / f"rows.{form}"
    file.write_bytes(written(ODD["twice"], form))
    assert duckdb.sql(f"FROM '{file}'").fetchall() == [(1, 2, 3, 4)]


def test_a_long_table_says_how_much_it_leaves_out():
    lines = written(f"FROM range({output.TABLE_ROWS + 7})", "table").decode().splitlines()
    assert lines[-1] == f"… 7 more of {output.TABLE_ROWS + 7} rows; --format csv writes all of them"
    assert len(lines) == output.TABLE_ROWS + 3


def test_what_a_terminal_would_obey_is_shown():
    text = written("SELECT 'a\x1b[31m' || chr(10) || 'b' AS \"c\x1b]0;x\"", "table").decode()
    assert r"a\x1b[31m\nb" in text
    assert "\x1b" not in text


class Narrow(io.RawIOBase):
    """Takes a few bytes and then no more."""

    def __init__(self, room: int):
        self.room = room

    def writable(self):
        return True

    def write(self, data):
        if self.room < len(data):
            raise BrokenPipeError
        self.room -= len(data)
        return len(data)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_rows_are_passed_on_while_they_come(form):
    """A reader that stops early stops the query: its rows would never end."""
    endless = "SELECT range AS x, random() AS y FROM range(1000000000)" if form != "json" else "FROM range(2000000)"
    with pytest.raises(BrokenPipeError):
        output.FORMATS[form](duckdb.connect().sql(endless), Narrow(1000))


def asked(layout, *arguments, **options):
    return CliRunner().invoke(app, ["query", *arguments], env={"GOLDILOCKS_STORE": str(layout.path)}, **options)


STATEMENTS = {
    "-- a comment\nSELECT 1 AS x": "1",
    "--comment\nSELECT 1 AS x": "1",
    "--format = csv\n-- said\nSELECT 1 AS x": None,
    "/* a */ SELECT 1 AS x -- b": "1",
    "CREATE TEMP TABLE mine AS SELECT 5 AS x; SELECT x FROM mine;": "5",
    ";; SELECT 1 AS x;;": "1",
    "\ufeffSELECT 1 AS x": "1",
}


@pytest.mark.parametrize("sql", STATEMENTS)
def test_comments_and_preparations_before_a_query(sql, layout):
    piped = asked(layout, "--format", "csv", "-", input=sql)
    if STATEMENTS[sql] is None:
        assert asked(layout, sql).exit_code == 2
        return
    assert piped.output.split() == ["x", STATEMENTS[sql]]
    if "\ufeff" not in sql:
        for arguments in ([sql, "--format", "csv"], ["--format", "csv", sql]):
            assert asked(layout, *arguments).output == piped.output


def test_a_comment_may_be_the_value_of_an_option(layout, tmp_path):
    asked(layout, "SELECT 1 AS x", "--format", "csv", "--output", str(tmp_path / "-- a b"))
    assert (tmp_path / "-- a b").read_text() == "x\n1\n"


REFUSED = [
    (["SELECT 1; SELECT 2"], "Run them one by one"),
    (["SELECT 1; SET threads = 1"], "Run them one by one"),
    (["PIVOT (SELECT 1 AS a) ON a; SELECT 2"], "Run them one by one"),
    (["SET threads = 1; SELECT 1 AS x"], "configuration has been locked"),
    ([""], "no SQL statement"),
    (["-- nothing else"], "no SQL statement"),
    (["--no-such-option"], "No such option"),
    (["SELECT 1", "--formt", "csv"], "No such option"),
]


@pytest.mark.parametrize(("arguments", "part"), REFUSED)
def test_statements_that_would_lose_rows_are_refused(arguments, part, layout):
    finished = asked(layout, *arguments)
    assert (finished.exit_code, finished.stdout) == (2, "")
    assert part in finished.stderr


def test_bytes_that_are_no_text_are_refused(layout):
    for arguments in (["query", b"SELECT '\xff'"], ["info", "--store", b"/tmp/\xff.duckdb"]):
        finished = subprocess.run([sys.executable, "-m", "store", *arguments], capture_output=True, check=False)
        assert (finished.returncode, finished.stdout) == (2, b"")
        assert b"not valid UTF-8" in finished.stderr
        assert b"Traceback" not in finished.stderr
    assert asked(layout, "-", input=b"SELECT '\xff'").exit_code == 2


def test_a_statement_that_fails_leaves_a_file_as_it_was(layout, tmp_path):
    (tmp_path / "rows.csv").write_text("before")
    late = "SELECT CASE WHEN range < 99999 THEN '1' ELSE 'x' END::INTEGER AS x FROM range(100000)"
    arguments = (late, "--format", "csv", "--output", str(tmp_path / "rows.csv"))
    finished = asked(layout, *arguments)
    assert (finished.exit_code, "Conversion Error" in finished.stderr) == (2, True)
    assert (tmp_path / "rows.csv").read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["rows.csv"]


def test_what_was_printed_before_stays_in_the_file_behind_stdout(layout, tmp_path):
    (tmp_path / "out").write_text("before\n")
    with (tmp_path / "out").open("ab") as stream:
        subprocess.run(
            [sys.executable, "-m", "store", "query", "SELECT 1 AS x", "--format", "csv", "--store", str(layout.path)],
            stdout=stream,
            check=True,
        )
    assert (tmp_path / "out").read_text() == "before\nx\n1\n"


def shell(command: str, layout, before: str = "", **environment: str) -> subprocess.CompletedProcess:
    """Runs `store …` in a shell, after a command of the shell, with the environment that is given."""
    return subprocess.run(
        ["bash", "-c", f"{before} {sys.executable} -m store {command}"],
        capture_output=True,
        check=False,
        env=os.environ | {"GOLDILOCKS_STORE": str(layout.path)} | environment,
    )


FULL = [
    "info > /dev/full",
    "query 'FROM cells' > /dev/full",
    "query 'FROM cells' --format json --output /dev/full",
    "query 'FROM cells' --format csv >&-",
]


@pytest.mark.parametrize("command", breadth.few(FULL, 2))
def test_results_that_cannot_be_written_are_a_failure_in_one_sentence(command, layout):
    finished = shell(command, layout)
    assert finished.returncode == 1
    assert len(finished.stderr.decode().splitlines()) == 1
    assert b"No space left" in finished.stderr or b"closed" in finished.stderr


@pytest.mark.parametrize("form", output.FORMATS)
def test_a_full_disk_is_a_failure_in_every_format(form, layout):
    finished = asked(layout, "FROM cells", "--format", form, "--output", "/dev/full")
    assert (finished.exit_code, finished.stderr) == (1, "/dev/full: No space left on device\n")


def test_a_file_that_cannot_be_written_during_an_export_is_a_failure(layout, tmp_path):
    finished = shell(f"export '{tmp_path / 'out'}' --format csv", layout, before="ulimit -f 1;")
    assert finished.returncode == 1, finished.stderr
    assert b"Traceback" not in finished.stderr


NARROW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("environment", breadth.few([NARROW, {"PYTHONIOENCODING": "ascii"}], 1))
def test_any_locale_gets_the_same_bytes(environment, layout):
    command = "query \"SELECT 'σ² × −1' AS x, name, label FROM metrics\""
    narrow = shell(command, layout, **environment)
    assert (narrow.returncode, narrow.stderr) == (0, b"")
    assert narrow.stdout == asked(layout, "SELECT 'σ² × −1' AS x, name, label FROM metrics").stdout_bytes
    assert shell("info", layout, **environment).returncode == 0
