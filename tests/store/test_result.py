"""Columns of one name: each form of an answer has both of them, under names that every reader can tell apart."""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq
import pytest

from goldilocks.store.exchange import output
from goldilocks.store.reading import connect
from goldilocks.store.reading.result import distinct_names
from tests.store.builder import believable, write

CASES = {
    ("a", "b"): ["a", "b"],
    ("a", "a"): ["a", "a_1"],
    ("a", "a", "a"): ["a", "a_1", "a_2"],
    ("a", "a", "a_1"): ["a", "a_2", "a_1"],
    ("a", "A"): ["a", "A_1"],
    ("a_1", "a", "a", "a_1"): ["a_1", "a", "a_2", "a_1_1"],
    ('say "a"', 'say "a"'): ['say "a"', 'say "a"_1'],
    (): [],
}


@pytest.mark.parametrize("names", CASES)
def test_no_two_names_are_the_same_and_first_ones_stay(names):
    assert distinct_names(names) == CASES[names]


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    layout = write(tmp_path_factory.mktemp("joined") / "grid.duckdb", believable(2, 2))
    with connect.open(layout, folders=[output.PIPES]) as handle:
        yield handle


def test_a_join_keeps_the_columns_of_both_tables_in_every_format(opened):
    result = opened.query("SELECT * FROM cells JOIN runs USING (run_id)")
    both = ["status", "status_1", "seconds", "seconds_1"]
    assert [name for name in both if name in result.columns] == both

    def written(form):
        sink = io.BytesIO()
        form(result.relation, sink)
        return sink.getvalue()

    assert len({row["status_1"] for row in json.loads(written(output.javascript))}) == 1
    read = pq.read_table(io.BytesIO(written(output.parquet)))
    assert read.column_names == result.columns == list(result.df().columns)
    assert written(output.comma_separated).decode().splitlines()[0].split(",") == result.columns


def test_quotes_and_values_go_through(opened):
    result = opened.query('SELECT $one AS "a ""b""", 2 AS "a ""b""", 3 AS "A ""B"""', one=1)
    assert result.fetchall() == [(1, 2, 3)]
    assert result.columns == ['a "b"', 'a "b"_1', 'A "B"_2']
