"""What a database consists of besides results, compared with what the code makes of an empty one.

Tables, views, comments, thresholds and the names of metrics follow from the code, so a snapshot in which they differ
is not to be believed. What the code does not make at all, such as a macro that hides `avg` or a table of a user's own,
is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

_HERE = "database_name = current_database() AND NOT internal"
_OBJECTS = {
    "table": f"SELECT table_name, '' FROM duckdb_tables() WHERE {_HERE}",
    # Without parentheses and blanks, which DuckDB prints differently after reading a file back.
    "view": f"SELECT view_name, translate(sql, '() ', '') FROM duckdb_views() WHERE {_HERE}",
    "macro": f"SELECT function_name, macro_definition FROM duckdb_functions() WHERE {_HERE}",
    "type": f"SELECT type_name, logical_type FROM duckdb_types() WHERE {_HERE}",
    "schema": f"SELECT schema_name, '' FROM duckdb_schemas() WHERE {_HERE}",
    "sequence": "SELECT sequence_name, '' FROM duckdb_sequences() WHERE database_name = current_database()",
    "index": "SELECT index_name, '' FROM duckdb_indexes() WHERE database_name = current_database()",
}
_COLUMNS = f"""
    SELECT table_name || '.' || column_name,
           concat_ws(' ', data_type, 'DEFAULT ' || column_default, CASE WHEN is_nullable THEN 'NULL' END)
    FROM duckdb_columns() WHERE {_HERE}
"""
_COMMENTS = f"""
    SELECT 'TABLE "' || table_name || '"', comment FROM duckdb_tables() WHERE {_HERE}
    UNION ALL SELECT 'VIEW "' || view_name || '"', comment FROM duckdb_views() WHERE {_HERE}
    UNION ALL SELECT 'COLUMN "' || table_name || '"."' || column_name || '"', comment
    FROM duckdb_columns() WHERE {_HERE}
"""
_ROWS = {
    "threshold": "SELECT name, concat_ws(' ', value::VARCHAR, meaning) FROM thresholds",
    "metric": "SELECT name, concat_ws(' ', label, unit, better, meaning) FROM metrics WHERE study IS NULL",
}

# By kind and name: the text that says what it is.
Definitions = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Deviations:
    """Kind and name of what a database has beyond the code, of what it lacks, and of what differs."""

    unexpected: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    different: tuple[tuple[str, str], ...]

    def __bool__(self) -> bool:
        return bool(self.unexpected or self.missing or self.different)

    def __str__(self) -> str:
        parts = (("unexpected", self.unexpected), ("missing", self.missing), ("different", self.different))
        return "; ".join(f"{what}: {listed(names)}" for what, names in parts if names)


def definitions(connection: duckdb.DuckDBPyConnection) -> Definitions:
    """Return what the current database, which has the newest schema, consists of."""
    queries = {**_OBJECTS, "column": _COLUMNS, "comment": _COMMENTS, **_ROWS}
    return {key: text for kind, sql in queries.items() for key, text in _read(connection, kind, sql).items()}


def deviations(connection: duckdb.DuckDBPyConnection, expected: Definitions) -> Deviations:
    """Compare the current database, which has the newest schema, with the definitions of an empty one."""
    actual = definitions(connection)
    return Deviations(
        _ordered(actual.keys() - expected.keys()),
        _ordered(expected.keys() - actual.keys()),
        _ordered(key for key in actual.keys() & expected.keys() if actual[key] != expected[key]),
    )


def unexpected(connection: duckdb.DuckDBPyConnection, expected: Definitions) -> list[tuple[str, str]]:
    """Return kind and name of the objects of the current database, of whatever schema, that the code does not make."""
    return sorted(key for kind, sql in _OBJECTS.items() for key in _read(connection, kind, sql) if key not in expected)


def restore_comments(connection: duckdb.DuckDBPyConnection, expected: Definitions) -> None:
    """Give tables, views and columns of the current database the comments that they should have."""
    for (kind, name), _ in _read(connection, "comment", _COMMENTS).items() - expected.items():
        if (kind, name) in expected:
            text = expected[kind, name].replace("'", "''")
            connection.execute(f"COMMENT ON {name} IS '{text}'")


def listed(names: Iterable[tuple[str, str]], most: int = 8) -> str:
    """Return kinds and names as text, at most so many of them."""
    shown = [f"{kind} {name}" for kind, name in names]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def _ordered(names: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return names in order, tables and views before their columns and comments."""
    return tuple(sorted(names, key=lambda one: (one[0] in ("column", "comment"), one)))


def _read(connection: duckdb.DuckDBPyConnection, kind: str, sql: str) -> Definitions:
    texts: Definitions = {}
    for name, text in connection.execute(sql).fetchall():
        # Two macros, or two thresholds, of one name are not one.
        again = f"{name} (again)" if (kind, name) in texts else name
        texts[kind, again] = text or ""
    return texts
