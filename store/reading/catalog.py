"""What is inside a store: tables and views with their comments and row counts, read off the file itself."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from goldilocks.store.quoting import identifier


@dataclass(frozen=True)
class Relation:
    """A table or view: name, `table` or `view`, comment, and row count."""

    name: str
    kind: str
    comment: str
    rows: int


def relations(connection: duckdb.DuckDBPyConnection) -> list[Relation]:
    """Return the views, then the tables, of the current database."""
    rows = connection.execute(
        "SELECT view_name, 'view', comment FROM duckdb_views() "
        "WHERE database_name = current_database() AND NOT internal UNION ALL "
        "SELECT table_name, 'table', comment FROM duckdb_tables() "
        "WHERE database_name = current_database() AND NOT internal ORDER BY 2 DESC, 1"
    ).fetchall()
    return [Relation(name, kind, comment or "", _count(connection, name)) for name, kind, comment in rows]


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {identifier(name)}").fetchone()
    return int(row[0]) if row else 0
