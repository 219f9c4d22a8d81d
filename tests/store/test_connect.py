"""The read-only handle: formats, repr, errors, and the sandbox for SQL that strangers typed."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import duckdb
import polars
import pyarrow as pa
import pytest

from goldilocks import store
from tests.store.builder import believable, write


def test_the_forms_of_a_result_agree(layout):
    with store.open(layout) as opened:
        result = opened.query("SELECT cell_id, layer, std FROM layers WHERE layer <= $deepest ORDER BY ALL", deepest=2)
        rows = result.fetchall()
        assert result.columns == ["cell_id", "layer", "std"]
        assert len(rows) == 32
        assert repr(list(result.df().itertuples(index=False, name=None))).count("nan") == 4
        assert isinstance(result.arrow(), pa.Table)
        assert isinstance(result.pl(), polars.DataFrame)
        expected = repr([tuple(row) for row in rows])
        assert repr(result.pl().rows()) == expected
        assert repr([tuple(row.values()) for row in result.arrow().to_pylist()]) == expected
        assert result.relation.aggregate("count(*)").fetchall() == [(32,)]
        assert "cell_id" in repr(result)
        assert "<table" in result._repr_html_()


def test_nan_infinity_and_null_are_told_apart(layout):
    with store.open(layout) as opened:
        values = opened.query("SELECT 'nan'::FLOAT, 'inf'::FLOAT, '-inf'::DOUBLE, NULL").fetchall()[0]
    assert math.isnan(values[0])
    assert values[1:] == (math.inf, -math.inf, None)


def test_a_statement_without_rows_gives_an_empty_result(layout):
    with store.open(layout) as opened:
        assert opened.query("SET VARIABLE threads = 2").fetchall() == []


def test_the_store_shows_what_is_inside(layout):
    with store.open(layout) as opened:
        for shown in (repr(opened), opened._repr_html_()):
            for part in (str(layout.path), "000001", "signal_rates", "How each training cell ended", "std_by_layer"):
                assert part in shown
        with pytest.raises(AttributeError, match="named queries are"):
            opened.nonsense()


def test_writing_is_refused(layout):
    with store.open(layout) as opened:
        for statement in (
            "DELETE FROM cells",
            "CREATE TABLE x (y INT)",
            "DROP VIEW outcomes",
            "UPDATE cells SET seed = 1",
        ):
            with pytest.raises(duckdb.Error, match="read-only"):
                opened.query(statement).fetchall()


def test_threads_share_a_handle(layout):
    with store.open(layout) as opened, ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: opened.query("SELECT count(*) FROM convergence").fetchall(), range(20)))
    assert counts == [[(176,)]] * 20


def test_the_path_is_an_argument_or_the_environment_or_the_default(layout, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOLDILOCKS_STORE", raising=False)
    with pytest.raises(store.StoreMissing, match=r"no store at .*/data/grid.duckdb: `make grid` or `goldilocks run`"):
        store.open()
    monkeypatch.setenv("GOLDILOCKS_STORE", str(layout.path))
    assert store.open().path == layout.path
    assert store.open(os.path.relpath(layout.path)).snapshot == "000001"


def test_what_is_no_store_is_refused(tmp_path):
    foreign = tmp_path / "foreign.duckdb"
    duckdb.connect(str(foreign)).close()
    with pytest.raises(store.StoreInvalid, match="not a Goldilocks store"):
        store.open(foreign)
    (tmp_path / "text.duckdb").write_text("hello")
    with pytest.raises(store.StoreCorrupt, match="cannot be read"):
        store.open(tmp_path / "text.duckdb")
    with pytest.raises(store.StoreInvalid, match="is a folder"):
        store.open(tmp_path)
    with pytest.raises(store.StoreInvalid, match=r"ends in \.store"):
        store.open(tmp_path / "grid.store")


def test_the_version_tells_contents_apart_even_under_the_same_name(own, tmp_path):
    first = store.open(own)
    assert first.version == store.open(own).version
    shutil.rmtree(own.folder)
    second = store.open(write(own.path, believable(1, 1)))
    assert first.snapshot == second.snapshot
    assert first.version != second.version


def test_importing_the_store_is_cheap_and_brings_no_neighbour():
    code = (
        "import sys, store; store.open, store.publish, store.journal, store.done_cells; "
        "print(*[name for name in ('torch', 'engine', 'dashboard') if name in sys.modules])"
    )
    plain = "import sys, store; print(*[name for name in ('duckdb', 'pyarrow', 'pandas') if name in sys.modules])"
    for source in (code, plain):
        assert subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout == "\n"


@pytest.fixture
def sandbox(layout):
    connection = store.sandboxed(layout, memory_limit="100MB")
    yield connection
    connection.close()


def test_the_sandbox_answers_questions(layout, sandbox):
    with store.open(layout) as opened:
        query = "SELECT verdict, count(*) FROM signal_rates GROUP BY ALL ORDER BY ALL"
        assert sandbox.execute(query).fetchall() == opened.query(query).fetchall()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
        "COPY cells TO '/tmp/goldilocks-escape.csv'",
        "COPY (SELECT 1) TO 'goldilocks-escape.parquet'",
        "EXPORT DATABASE '/tmp/goldilocks-escape'",
        "ATTACH '/tmp/goldilocks-escape.duckdb' AS escape",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET threads = 64",
        "SET python_enable_replacements = true",
        "RESET lock_configuration",
        "CREATE TABLE x AS SELECT 1",
        "DELETE FROM cells",
        "UPDATE grid.cells SET seed = 1",
        "DROP VIEW outcomes",
        "SELECT * FROM secret_of_this_process",
        "SELECT count(DISTINCT (a.range, b.range)) FROM range(100000) a, range(100000) b",
    ],
)
def test_the_sandbox_refuses_everything_else(sandbox, statement, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    secret_of_this_process = pa.table({"x": [1]})
    with pytest.raises(duckdb.Error):
        sandbox.execute(statement).fetchall()
    assert secret_of_this_process.num_rows == 1
    assert list(tmp_path.iterdir()) == []


def test_a_long_statement_in_the_sandbox_can_be_ended(sandbox):
    timer = threading.Timer(0.2, sandbox.interrupt)
    timer.start()
    with pytest.raises(duckdb.InterruptException):
        sandbox.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b").fetchall()
    timer.join()
