"""What a DuckDB file may consist of to be opened as a store, whoever made it.

A macro hides a function of DuckDB's from every query, a view under the name of a table can say anything, a trigger acts
when rows are added. None of these is in a store, so a file with one is refused, by name. It is examined from another
database: a macro of the file would answer for DuckDB's own functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreInvalid
from goldilocks.store.quoting import identifier

STEPS = "schema_steps"
# Of every kind, schema and name; what DuckDB itself puts into each database is internal.
_OBJECTS = """
    SELECT 'macro' AS kind, function_name AS name FROM duckdb_functions() WHERE database_name = $1 AND NOT internal
    UNION ALL SELECT 'type', type_name FROM duckdb_types() WHERE database_name = $1 AND NOT internal
    UNION ALL SELECT 'schema', schema_name FROM duckdb_schemas() WHERE database_name = $1 AND NOT internal
        AND schema_name <> 'main'
    UNION ALL SELECT 'sequence', sequence_name FROM duckdb_sequences() WHERE database_name = $1
    UNION ALL SELECT 'trigger', trigger_name FROM duckdb_triggers() WHERE database_name = $1
"""
_TABLES = "SELECT table_name, sql FROM duckdb_tables() WHERE database_name = $1 AND NOT internal"
_VIEWS = "SELECT view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal"
_COLUMNS = """
    SELECT table_name, column_name, concat_ws(' ', data_type, 'with the default ' || column_default)
    FROM duckdb_columns() WHERE database_name = $1 AND NOT internal
"""
_CONSTRAINTS = """
    SELECT table_name, constraint_text FROM duckdb_constraints()
    WHERE database_name = $1 AND constraint_type <> 'NOT NULL'
"""


@dataclass(frozen=True)
class Contents:
    """The tables of a database with their columns and types, its views, and its constraints beyond NOT NULL."""

    tables: dict[str, dict[str, str]]
    views: frozenset[str]
    constraints: frozenset[tuple[str, str]]


def refuse_strange(connection: duckdb.DuckDBPyConnection, database: str, path: Path) -> set[int]:
    """Refuse a file that has something in it that no store has.

    Args:
        connection: a connection whose current database is another one.
        database: the name under which the file is attached.
        path: the file, for the message.

    Returns:
        The steps of the schema that the file has; none when it has no tables of a store.

    Raises:
        StoreInvalid: when there is a macro, type, schema, sequence, trigger or unknown view, or when a table of the
            store is a view or has other columns than its own.
        StoreNewer: when it was written by a later version of the code.
    """
    from goldilocks.store.schema import migrate

    contents, known = _contents(connection, database), _newest()
    if STEPS in contents.views or contents.tables.get(STEPS, known.tables[STEPS]) != known.tables[STEPS]:
        raise _refusal(path, f"its {STEPS} is not the table that records the version of the schema")
    steps = _steps(connection, database) if STEPS in contents.tables else set()
    migrate.refuse_newer(steps, path)
    for kind, name in connection.execute(_OBJECTS + " ORDER BY ALL", [database]).fetchall():
        raise _refusal(path, f"it has the {kind} {name!r}")
    for name in sorted(contents.views - known.views):
        what = "is a view where a table is required" if name in known.tables else "is a view that no store has"
        raise _refusal(path, f"{name!r} {what}")
    for name in sorted(known.views & contents.tables.keys()):
        raise _refusal(path, f"{name!r} is a table where a view is required")
    for table, text in sorted(contents.constraints - known.constraints):
        if table in known.tables:
            raise _refusal(path, f"{table!r} has the constraint {text}")
    try:
        # The tables of the newest schema are known already; to make them once more takes as long as to open the file.
        tables = known.tables if steps == {step.number for step in migrate.steps()} else _tables_of(frozenset(steps))
    except duckdb.Error:
        raise _refusal(path, f"no version of Goldilocks has exactly the schema steps {sorted(steps)}") from None
    for table in sorted(tables.keys() & contents.tables.keys()):
        _refuse_columns(path, table, contents.tables[table], tables[table])
    return steps


def _refuse_columns(path: Path, table: str, columns: dict[str, str], known: dict[str, str]) -> None:
    for column, kind in columns.items():
        if column not in known:
            raise _refusal(path, f"{table!r} has the unknown column {column!r}")
        if kind != known[column]:
            raise _refusal(path, f"{table}.{column} is {kind}; {known[column]} is required")


def _refusal(path: Path, reason: str) -> StoreInvalid:
    return StoreInvalid(
        f"{path} is refused: {reason}. No store contains that, so its numbers cannot be trusted; if you added it "
        "yourself, drop it with DuckDB."
    )


def _contents(connection: duckdb.DuckDBPyConnection, database: str) -> Contents:
    tables: dict[str, dict[str, str]] = {}
    sql = dict(connection.execute(_TABLES, [database]).fetchall())
    for table, column, kind in connection.execute(_COLUMNS, [database]).fetchall():
        if table in sql:
            # The catalog's list of columns is silent about these two.
            strange = [word for word in (" COLLATE ", " GENERATED ALWAYS AS") if word in sql[table]]
            tables.setdefault(table, {})[column] = "".join([kind, *strange])
    views = frozenset(name for (name,) in connection.execute(_VIEWS, [database]).fetchall())
    return Contents(tables, views, frozenset(connection.execute(_CONSTRAINTS, [database]).fetchall()))


def _steps(connection: duckdb.DuckDBPyConnection, database: str) -> set[int]:
    rows = connection.execute(f"SELECT step FROM {identifier(database)}.main.{STEPS}").fetchall()
    return {number for (number,) in rows}


@cache
def _newest() -> Contents:
    from goldilocks.store.schema import migrate

    with migrate.empty() as connection:
        return _contents(connection, "memory")


@cache
def _tables_of(steps: frozenset[int]) -> dict[str, dict[str, str]]:
    """Return the tables, columns and types that a database has after some steps of the schema."""
    from goldilocks.store.schema import migrate

    with duckdb.connect() as connection:
        for step in migrate.steps():
            if step.number in steps:
                connection.execute(step.sql)
        return _contents(connection, "memory").tables
