"""Reads journal entries into the tables of a database, as many at once as there are.

An entry that repeats a run, a scheme or a cell replaces what was known: the last entry wins.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence

import duckdb

from store import tables
from store.journal import Entry

_SEQUENCE = r"regexp_extract(filename, '([0-9]+)-[^/\\]*[/\\][^/\\]+$', 1)::BIGINT"


def ingested(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Returns the names of the journal entries that the current database contains."""
    return {name for (name,) in connection.execute("SELECT entry FROM journal_entries").fetchall()}


def ingest(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> None:
    """Adds journal entries to the current database, in one transaction.

    Args:
        connection: a connection whose current database has the newest schema.
        entries: the entries, in order.

    Raises:
        duckdb.Error: when a file cannot be read; the database is then unchanged.
    """
    connection.execute("BEGIN")
    try:
        for name in ("runs", "schemes", "metrics"):
            _upsert(connection, name, _files(entries, name))
        _replace_cells(connection, entries)
        connection.execute(
            "INSERT INTO journal_entries SELECT unnest($names), now() AT TIME ZONE 'UTC'",
            {"names": [entry.name for entry in entries]},
        )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _files(entries: Sequence[Entry], table: str) -> list[str]:
    return [glob.escape(str(file)) for entry in entries if (file := entry.file(table))]


def _rows(files: list[str]) -> str:
    """SQL for the rows of the files with `filename`; needs the parameter `files`."""
    return "read_parquet($files, union_by_name = true, filename = true)"


def _upsert(connection: duckdb.DuckDBPyConnection, table: str, files: list[str]) -> None:
    if not files:
        return
    key = ", ".join(tables.KEYS[table])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT * EXCLUDE (filename) FROM {_rows(files)} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {_SEQUENCE} DESC) = 1",
        {"files": files},
    )
    connection.execute(f"DELETE FROM {table} WHERE ({key}) IN (SELECT ({key}) FROM incoming)")
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    connection.execute("DROP TABLE incoming")


def _replace_cells(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> None:
    files = _files(entries, "cells")
    if not files:
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE latest AS SELECT cell_id, max({_SEQUENCE}) AS sequence, count(*) AS times "
        f"FROM {_rows(files)} GROUP BY cell_id",
        {"files": files},
    )
    known = connection.execute("SELECT count(*) FROM cells SEMI JOIN latest USING (cell_id)").fetchone()
    repeated = connection.execute("SELECT count(*) FROM latest WHERE times > 1").fetchone()
    for table in ("cells", *tables.RESULTS):
        if known and known[0]:
            connection.execute(f"DELETE FROM {table} WHERE cell_id IN (SELECT cell_id FROM latest)")
        _insert_results(connection, table, _files(entries, table), bool(repeated and repeated[0]))
    connection.execute("DROP TABLE latest")


def _insert_results(connection: duckdb.DuckDBPyConnection, table: str, files: list[str], repeated: bool) -> None:
    if not files:
        return
    newest = f"WHERE (cell_id, {_SEQUENCE}) IN (SELECT (cell_id, sequence) FROM latest)" if repeated else ""
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (filename) FROM {_rows(files)} {newest}", {"files": files}
    )
