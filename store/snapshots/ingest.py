"""Reads journal entries into the tables of a database, as many at once as there are.

An entry that repeats a run, a scheme or a cell replaces what was known: the last entry wins.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from goldilocks.store.schema import study_axes, tables
from goldilocks.store.writing import packs
from goldilocks.store.writing.journal import Entry
from goldilocks.store.writing.verification import digests_of

# DuckDB keeps all files of one query open: this bounds the memory that many small entries take.
ENTRIES_AT_ONCE = 1000
# SQL for the number of the entry that a row of a file comes from.
_SEQUENCE = r"regexp_extract(filename, '([0-9]+)-[^/\\]*[/\\][^/\\]+$', 1)::BIGINT"


@dataclass(frozen=True)
class Rows:
    """Rows of journal entries: SQL in parentheses, `sequence` being the number of the entry, and its parameters."""

    sql: str
    values: dict[str, Any]


def ingested(connection: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """Return the digest of each journal entry in the current database by its name, None where it has none."""
    columns = [column for column, *_ in connection.execute("DESCRIBE journal_entries").fetchall()]
    digest = "digest" if "digest" in columns else "NULL"
    return dict(connection.execute(f"SELECT entry, {digest} FROM journal_entries").fetchall())


def ingest(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> None:
    """Add journal entries to the current database, in one transaction.

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
            for name in tables.ABOUT:
                _upsert(connection, name, rows(some, name))
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


def rows(entries: Sequence[Entry], table: str) -> Rows | None:
    """Return the rows of a table in journal entries, or None when no entry has that table."""
    single = [glob.escape(str(file)) for entry in entries if not entry.packed and (file := entry.file(table))]
    packed = {entry.path: entry.file(table) for entry in entries if entry.packed}
    together = [glob.escape(str(file)) for file in packed.values() if file]
    parts: list[str] = []
    values: dict[str, Any] = {}
    if single:
        parts.append(
            f"SELECT * EXCLUDE (filename), {_SEQUENCE} AS sequence "
            "FROM read_parquet($files, union_by_name = true, filename = true)"
        )
        values["files"] = single
    if together:
        parts.append(
            f"SELECT * EXCLUDE ({packs.COLUMN}), {packs.COLUMN} AS sequence "
            f"FROM read_parquet($packs, union_by_name = true) "
            f"SEMI JOIN (SELECT unnest($numbers::BIGINT[]) AS {packs.COLUMN}) AS chosen USING ({packs.COLUMN})"
        )
        values |= {"packs": together, "numbers": [entry.number for entry in entries if entry.packed]}
    return Rows(f"({' UNION ALL BY NAME '.join(parts)})", values) if parts else None


def _upsert(connection: duckdb.DuckDBPyConnection, table: str, source: Rows | None) -> None:
    if source is None:
        return
    key = ", ".join(tables.KEYS[table])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT * EXCLUDE (sequence) FROM {source.sql} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY sequence DESC) = 1",
        source.values,
    )
    connection.execute(f"DELETE FROM {table} WHERE ({key}) IN (SELECT ({key}) FROM incoming)")
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    connection.execute("DROP TABLE incoming")


def _replace_cells(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> None:
    source = rows(entries, "cells")
    if source is None:
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE latest AS SELECT cell_id, max(sequence) AS sequence, count(*) AS times "
        f"FROM {source.sql} GROUP BY cell_id",
        source.values,
    )
    known = connection.execute("SELECT count(*) FROM cells SEMI JOIN latest USING (cell_id)").fetchone()
    repeated = connection.execute("SELECT count(*) FROM latest WHERE times > 1").fetchone()
    for table in ("cells", *tables.RESULTS):
        if known and known[0]:
            connection.execute(f"DELETE FROM {table} WHERE cell_id IN (SELECT cell_id FROM latest)")
        _insert_results(connection, table, rows(entries, table), bool(repeated and repeated[0]))
    connection.execute("DROP TABLE latest")


def _insert_results(connection: duckdb.DuckDBPyConnection, table: str, source: Rows | None, repeated: bool) -> None:
    if source is None:
        return
    newest = "WHERE (cell_id, sequence) IN (SELECT (cell_id, sequence) FROM latest)" if repeated else ""
    computed = f", {study_axes.COMPUTED}" if table == "cells" else ""
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (sequence){computed} FROM {source.sql} {newest}", source.values
    )
