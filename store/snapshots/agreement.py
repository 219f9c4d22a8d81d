"""Whether a snapshot holds what the journal says, to the last value.

Its SQL is other than that of `ingest`, so that a mistake there does not hide itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from goldilocks.store.fingerprint import fingerprint
from goldilocks.store.schema import tables
from goldilocks.store.snapshots.ingest import rows
from goldilocks.store.writing.journal import Entry


def disagreement(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> str:
    """Compare every table of the current database with journal entries.

    Args:
        connection: a connection to a snapshot that has been made of these entries; not one that may only read.
        entries: the entries.

    Returns:
        What differs, with the numbers of rows; empty when nothing does.

    Raises:
        duckdb.Error: when a file of either cannot be read.
    """
    # Once for all tables: with many small entries, opening files is what takes the time.
    cells = rows(entries, "cells")
    if cells:
        latest = f"SELECT cell_id, max(sequence) AS sequence FROM {cells.sql} GROUP BY cell_id"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE latest AS {latest}", cells.values)
    for name in tables.names():
        condition = "WHERE study IS NOT NULL" if name == "metrics" else ""
        columns = [
            column
            for (column, *_) in connection.execute(f"DESCRIBE {name}").fetchall()
            if column not in tables.DERIVED.get(name, ())
        ]
        held = connection.execute(f"SELECT {fingerprint(columns)} FROM {name} {condition}").fetchall()[0]
        said = _said(connection, name, columns, entries)
        if held != said:
            other = ", with other values" if held[0] == said[0] else ""
            return f"table {name} has {held[0]} rows, the journal says {said[0]}{other}"
    return ""


def _said(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], entries: Sequence[Entry]
) -> tuple[int, int | None]:
    of_entries = rows(entries, name)
    if of_entries is None:
        return (0, None)
    # The empty table lends columns that old files lack.
    written = f"(SELECT * FROM {name} WHERE false UNION ALL BY NAME SELECT * FROM {of_entries.sql})"
    if name in tables.KEYS:
        key = ", ".join(tables.KEYS[name])
        last = f"QUALIFY sequence = max(sequence) OVER (PARTITION BY {key})"
        sql = f"SELECT {fingerprint(columns)} FROM (FROM {written} {last})"
    else:
        last = "SEMI JOIN latest USING (cell_id, sequence)"
        sql = f"SELECT {fingerprint(columns)} FROM {written} AS written {last}"
    return connection.execute(sql, of_entries.values).fetchall()[0]
