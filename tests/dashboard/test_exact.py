"""No digit is lost between a statement and what a reader sees or downloads; and no path of the server is shown."""

import io
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldilocks.dashboard import exact, sandbox
from goldilocks.dashboard.exact import file
from tests.dashboard.opening import open_page
from tests.dashboard.statements import answers

NUMBERS = {
    "170141183460469231731687303715884105727::HUGEINT": "170141183460469231731687303715884105727",
    "-170141183460469231731687303715884105727::HUGEINT": "-170141183460469231731687303715884105727",
    "9007199254740993::BIGINT": "9007199254740993",
    "18446744073709551615::UBIGINT": "18446744073709551615",
    "12345678901234567890.123456789::DECIMAL(38, 9)": "12345678901234567890.123456789",
    "0.1234567890123456789::DECIMAL(38, 19)": "0.1234567890123456789",
    "sum(9007199254740993::BIGINT)": "9007199254740993",
}
SMALL = {"sum(2)": 2, "2::HUGEINT": 2, "1.5::DECIMAL(4, 2)": 1.5, "NULL::HUGEINT": None, "7::BIGINT": 7}
PATHS = [
    "SELECT path FROM duckdb_databases()",
    "FROM duckdb_databases",
    'FROM "duckdb_databases"()',
    "FROM DuckDB_Databases()",
    "FROM system.main.duckdb_databases()",
    "SUMMARIZE FROM duckdb_databases()",
    "FROM pragma_database_list",
    "SELECT value FROM duckdb_settings()",
    "SELECT current_setting('allowed_paths')",
    "SELECT current_setting('secret_directory')",
    "FROM duckdb_extensions()",
    "FROM duckdb_secrets()",
    "FROM query('FROM duckdb_' || 'databases()')",
    "FROM \"query\" /* x */ ('FROM duckdb_' || 'databases()')",
    "FROM query_table('duckdb_' || 'databases')",
    "FROM json_execute_serialized_sql(json_serialize_sql('FROM duckdb_databases()'))",
    "SELECT * FROM duckdb_temporary_files()",
    "SELECT * FROM duckdb_extension_repositories()",
    "FROM read_blob('nowhere')",
]


@pytest.fixture(autouse=True)
def _store(filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))


def test_every_digit_is_shown_and_downloaded():
    columns = ", ".join(f"{sql} AS c{place}" for place, sql in enumerate([*NUMBERS, *SMALL]))
    answer = sandbox.ask(f"SELECT {columns}, [{next(iter(NUMBERS))}] AS l", seconds=60.0)
    (row,) = answer.frame.to_dict("records")
    shown = list(row.values())
    assert [str(one) for one in shown[: len(NUMBERS)]] == list(NUMBERS.values())
    for found, expected in zip(shown[len(NUMBERS) :], SMALL.values(), strict=False):
        assert found != found or found is None or str(found) == "<NA>" if expected is None else found == expected
    assert row["l"] == "[170141183460469231731687303715884105727]"
    text = file("CSV", answer.rows).decode()
    kept = pq.read_table(io.BytesIO(file("Parquet", answer.rows))).to_pylist()[0]
    for place, digits in enumerate(NUMBERS.values()):
        assert digits in text
        assert Decimal(kept[f"c{place}"]) == Decimal(digits)


def test_no_statement_shows_a_path_of_the_server(filled_store):
    for sql, answer in zip(PATHS, answers(PATHS, filled_store), strict=True):
        said = answer if isinstance(answer, str) else answer.to_string()
        assert said, sql
        for place in (filled_store.resolve(), filled_store.parent, sandbox.Path.home()):
            assert str(place) not in said, sql


def displayed(sql):
    return exact.shown(duckdb.sql(sql).to_arrow_table())["value"]


def test_a_number_is_shown_as_one_as_long_as_a_browser_keeps_it():
    for kind in ("DECIMAL(20, 0)", "BIGINT"):
        for sign in (1, -1):
            assert displayed(f"SELECT {sign * 2**53}::{kind} AS value").to_list() == [sign * 2**53]
            assert displayed(f"SELECT {sign * (2**53 + 1)}::{kind} AS value").to_list() == [str(sign * (2**53 + 1))]


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("INTERVAL '14 months 3 days 500 milliseconds'", "14 months 3 days 0.5 s"),
        ("INTERVAL '-1 day'", "-1 days"),
        ("INTERVAL '0 days'", "0 s"),
        ("NULL::INTERVAL", None),
    ],
)
def test_an_interval_is_shown_with_its_parts(sql, text):
    assert displayed(f"SELECT {sql} AS value").to_list() == [text]


@pytest.mark.parametrize("kind", ["DOUBLE", "FLOAT"])
def test_what_is_not_a_number_is_told_from_what_is_not_there(kind):
    rows = duckdb.sql(f"SELECT * FROM (VALUES (1.5::{kind}), ('nan'), (NULL), ('-inf')) AS t(value)").to_arrow_table()
    # As the browser gets them.
    sent = pa.Table.from_pandas(exact.shown(rows))["value"]
    assert sent.is_null().to_pylist() == [False, False, True, False]
    numbers = sent.to_pylist()
    assert numbers[0] == 1.5
    assert numbers[1] != numbers[1]
    assert numbers[3] == float("-inf")


def test_an_answer_without_rows_has_no_chart(filled_store, monkeypatch):
    chart = "vega_lite_chart"
    for sql, charts in (("SELECT 1 AS a, 2 AS b", 1), ("SELECT 1 AS a, 2 AS b WHERE false", 0)):
        page = open_page("data_and_sql", filled_store, monkeypatch, sql=sql)
        assert len(page.get(chart)) == charts
