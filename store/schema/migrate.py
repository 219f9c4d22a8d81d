"""Brings a database to the newest schema: numbered steps, each in one transaction with its own record, then the views.

Views, comments, thresholds and metrics are derived, so they are made anew each time instead of being migrated.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreCorrupt, StoreNewer
from goldilocks.store.quoting import identifier, literal
from goldilocks.store.schema import definitions, study_axes
from goldilocks.store.schema.definitions import Definitions, Deviations
from goldilocks.store.schema.metrics import METRICS

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Step:
    """One numbered file of the schema."""

    number: int
    name: str
    sql: str


@cache
def steps() -> tuple[Step, ...]:
    """Return the numbered steps of the schema, in order."""
    files = sorted(FOLDER.glob("[0-9][0-9][0-9]_*.sql"))
    return tuple(Step(int(file.name[:3]), file.name, file.read_text(encoding="utf-8")) for file in files)


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Apply to the current database what it lacks.

    Args:
        connection: a connection whose current database is the one to change.

    Raises:
        StoreNewer: when the database has a step that this code does not know.
        StoreCorrupt: when its tables are not those of its steps.
    """
    done, file = applied(connection), _file_of(connection)
    refuse_newer(done, file)
    if done:
        # First, since a macro may stand for a function that the steps use.
        _drop(connection, unexpected(connection))
    try:
        _build(connection, done)
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        if not done:
            raise
        with suppress(duckdb.TransactionException):
            connection.execute("ROLLBACK")
        raise StoreCorrupt(f"{file} does not have the tables of its schema: {error}") from error
    left = deviations(connection)
    if left:
        raise StoreCorrupt(f"{file} does not have the tables of its schema: {left}")


def _build(connection: duckdb.DuckDBPyConnection, done: set[int]) -> None:
    for step in steps():
        if step.number not in done:
            _apply(connection, step)
    connection.execute("BEGIN")
    if done:
        definitions.restore_comments(connection, expected())
    study_axes.fill(connection)
    connection.execute((FOLDER / "views.sql").read_text(encoding="utf-8"))
    connection.execute((FOLDER / "thresholds.sql").read_text(encoding="utf-8"))
    _comment_view_columns(connection)
    _write_metrics(connection)
    connection.execute("COMMIT")


def applied(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """Return the numbers of the steps that the current database has."""
    known = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'schema_steps'"
    ).fetchall()
    return {number for (number,) in connection.execute("SELECT step FROM schema_steps").fetchall()} if known else set()


def refuse_newer(done: set[int], path: str | Path) -> None:
    """Raise StoreNewer when `done` has a step that this code does not know."""
    newest = steps()[-1].number
    if done and max(done) > newest:
        raise StoreNewer(
            f"{path} has schema step {max(done)}, this version of Goldilocks knows steps up to {newest}: "
            "update Goldilocks, or choose another file with --store."
        )


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the current database has the steps of this code, and exactly what derives from it."""
    return applied(connection) == {step.number for step in steps()} and not deviations(connection)


def deviations(connection: duckdb.DuckDBPyConnection) -> Deviations:
    """Return how the current database, which has every step, differs from what this code makes."""
    return definitions.deviations(connection, expected())


def unexpected(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return kind and name of the objects of the current database, of whatever age, that this code does not make."""
    return definitions.unexpected(connection, expected())


@cache
def expected() -> Definitions:
    """Return what an empty database of this code consists of."""
    with empty() as connection:
        return definitions.definitions(connection)


def empty() -> duckdb.DuckDBPyConnection:
    """Return a connection to a new database in memory with the newest schema and no rows."""
    connection = duckdb.connect()
    _build(connection, set())
    return connection


def _drop(connection: duckdb.DuckDBPyConnection, objects: list[tuple[str, str]]) -> None:
    # Views before the tables and macros that they may use.
    for kind, name in sorted(objects, key=lambda one: one[0] != "view"):
        quoted = name.removesuffix(" (again)").replace('"', '""')
        for what in ("MACRO", "MACRO TABLE") if kind == "macro" else (kind,):
            connection.execute(f'DROP {what} IF EXISTS "{quoted}" {"" if kind == "macro" else "CASCADE"}')


def _apply(connection: duckdb.DuckDBPyConnection, step: Step) -> None:
    connection.execute("BEGIN")
    try:
        connection.execute(step.sql)
        connection.execute("INSERT INTO schema_steps VALUES (?, ?, now() AT TIME ZONE 'UTC')", [step.number, step.name])
    except duckdb.Error:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _comment_view_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a view's column without comment that of a table column with its name: of `cells`, else of what it reads."""
    columns = connection.execute(
        """
        WITH here AS (SELECT * FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal),
        views AS (SELECT view_name, sql FROM duckdb_views() WHERE database_name = current_database() AND NOT internal),
        known AS (
            SELECT table_name AS of_table, column_name, comment
            FROM here
            WHERE comment IS NOT NULL AND table_name NOT IN (SELECT view_name FROM views)
        )
        SELECT table_name, column_name,
               arg_min(known.comment,
                       (of_table <> 'cells', NOT regexp_matches(sql, '\\b' || of_table || '\\b'), of_table))
        FROM here JOIN views ON here.table_name = views.view_name JOIN known USING (column_name)
        WHERE here.comment IS NULL
        GROUP BY ALL
        """
    ).fetchall()
    for view, column, comment in columns:
        connection.execute(f"COMMENT ON COLUMN {identifier(view)}.{identifier(column)} IS {literal(comment)}")


def _write_metrics(connection: duckdb.DuckDBPyConnection) -> None:
    meanings = dict(
        connection.execute(
            "SELECT column_name, arg_min(comment, (table_name <> 'cells', table_name)) FROM duckdb_columns() "
            "WHERE database_name = current_database() AND NOT internal AND comment IS NOT NULL GROUP BY ALL"
        ).fetchall()
    )
    # The quantities of a study come with the journal and stay.
    connection.execute("DELETE FROM metrics WHERE study IS NULL")
    connection.executemany(
        "INSERT INTO metrics (name, label, unit, meaning, better) VALUES (?, ?, ?, ?, ?)",
        [(one.name, one.label, one.unit, one.meaning or meanings[one.name], one.better) for one in METRICS],
    )


def _file_of(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()").fetchone()
    return str(row[0]) if row and row[0] else "the database"
