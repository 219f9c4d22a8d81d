"""Reads journal entries into the tables of a database, as many at once as there are.

An entry that repeats a run, a scheme or a cell replaces what was known: the last entry wins.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence

import duckdb

from store import study_axes, tables
from store.journal import Entry
from store.verification import digests_of

# DuckDB keeps all files of one query open: this bounds the memory that many small entries take.
ENTRIES_AT_ONCE = 1000
# SQL for the number of the entry that a row of `rows` comes from.
SEQUENCE = r"regexp_extract(filename, '([0-9]+)-[^/\\]*[/\\][^/\\]+$', 1)::BIGINT"


def ingested(connection: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """Returns the digest of each journal entry in the current database by its name, None where it has none."""
    columns = [column for column, *_ in connection.execute("DESCRIBE journal_entries").fetchall()]
    digest = "digest" if "digest" in columns else "NULL"
    return dict(connection.execute(f"SELECT entry, {digest} FROM journal_entries").fetchall())


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
        for start in range(0, len(entries), ENTRIES_AT_ONCE):
            some = entries[start : start + ENTRIES_AT_ONCE]
            for name in ("runs", "workers", "schemes", "metrics"):
                _upsert(connection, name, files(some, name))
            _replace_cells(connection, some)
        connection.execute(
            "INSERT INTO journal_entries (entry, digest, ingested_at) "
            "SELECT unnest($names), unnest($digests), now() AT TIME ZONE 'UTC'",
            {"names": [entry.name for entry in entries], "digests": digests_of(entries)},
        )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def files(entries: Sequence[Entry], table: str) -> list[str]:
    """Returns the Parquet files of a table, as patterns that match nothing else."""
    return [glob.escape(str(file)) for entry in entries if (file := entry.file(table))]


def rows(paths: str = "$files") -> str:
    """Returns SQL for the rows of files, with `filename`; `paths` is a bound parameter."""
    return f"read_parquet({paths}, union_by_name = true, filename = true)"


def _upsert(connection: duckdb.DuckDBPyConnection, table: str, paths: list[str]) -> None:
    if not paths:
        return
    key = ", ".join(tables.KEYS[table])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT * EXCLUDE (filename) FROM {rows()} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {SEQUENCE} DESC) = 1",
        {"files": paths},
    )
    connection.execute(f"DELETE FROM {table} WHERE ({key}) IN (SELECT ({key}) FROM incoming)")
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    connection.execute("DROP TABLE incoming")


def _replace_cells(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> None:
    paths = files(entries, "cells")
    if not paths:
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE latest AS SELECT cell_id, max({SEQUENCE}) AS sequence, count(*) AS times "
        f"FROM {rows()} GROUP BY cell_id",
        {"files": paths},
    )
    known = connection.execute("SELECT count(*) FROM cells SEMI JOIN latest USING (cell_id)").fetchone()
    repeated = connection.execute("SELECT count(*) FROM latest WHERE times > 1").fetchone()
    for table in ("cells", *tables.RESULTS):
        if known and known[0]:
            connection.execute(f"DELETE FROM {table} WHERE cell_id IN (SELECT cell_id FROM latest)")
        _insert_results(connection, table, files(entries, table), bool(repeated and repeated[0]))
    connection.execute("DROP TABLE latest")


def _insert_results(connection: duckdb.DuckDBPyConnection, table: str, paths: list[str], repeated: bool) -> None:
    if not paths:
        return
    newest = f"WHERE (cell_id, {SEQUENCE}) IN (SELECT (cell_id, sequence) FROM latest)" if repeated else ""
    computed = f", {study_axes.COMPUTED}" if table == "cells" else ""
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (filename){computed} FROM {rows()} {newest}", {"files": paths}
    )
