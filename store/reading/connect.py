"""Reading a store: a handle on the snapshot that the pointer names at this moment.

The handle stays on its snapshot for ever; open again to see a newer one. Opening takes milliseconds.
"""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from goldilocks.store.errors import StoreInvalid
from goldilocks.store.files.hold import Hold
from goldilocks.store.layout import Layout, command
from goldilocks.store.reading import catalog, queries
from goldilocks.store.reading.result import Result
from goldilocks.store.snapshots.opening import DATABASE, open_newest


class Store:
    """A read-only handle on a snapshot, with one method per named query (see `dir`).

    Args:
        path: the pointer that was opened.
        file: the snapshot that it names.
        version: a key for caches; equal versions mean equal contents, even when a store was deleted and made anew.
        connection: the open connection.
        hold: keeps writers away from the snapshot.
    """

    def __init__(
        self, path: Path, file: Path, version: str, connection: duckdb.DuckDBPyConnection, hold: Hold | None = None
    ) -> None:
        self.path = path
        self.file = file
        self.version = version
        self._connection = connection
        self._hold = hold

    @property
    def snapshot(self) -> str:
        """The name of the snapshot."""
        return self.file.stem

    def query(self, sql: str, /, **values: Any) -> Result:
        """Run SQL.

        Args:
            sql: one statement, which those that give no rows, such as SET, may precede; `$name` stands for a value.
            values: by name.

        Returns:
            The rows.

        Raises:
            StoreInvalid: when it is none, or several give rows.
            duckdb.Error: when DuckDB rejects the statement.
        """
        cursor = self.cursor()
        relation = cursor.sql(_one(cursor, sql), params=values or None)
        return Result(relation if relation is not None else cursor.sql("SELECT 1 AS nothing LIMIT 0"))

    def named(self, name: str, /, **values: Any) -> Result:
        """Run a named query.

        Args:
            name: one of `store.queries.all()`.
            values: by parameter name.

        Returns:
            The rows.

        Raises:
            StoreInvalid: when the query or a parameter does not exist, a value is missing, or the snapshot was
                published by an earlier version of the code and lacks what the query reads.
        """
        query = queries.get(name)
        bound = query.bind(values)
        try:
            return self.query(query.sql, **bound)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise StoreInvalid(
                f"{self.file} was published by an earlier version of Goldilocks and lacks what the query {name} reads: "
                f"{command('store publish', self.path)} brings it up to date. "
                f"({str(error).splitlines()[0]})"
            ) from error

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a DuckDB connection to the snapshot, for what `query` cannot do; one per thread.

        It has no access to other files: read them with a connection of your own that attaches this one.
        """
        cursor = self._connection.cursor()
        cursor.execute(f"USE {DATABASE}")
        return cursor

    def relations(self) -> list[catalog.Relation]:
        """Return the views and tables with their comments and row counts."""
        return catalog.relations(self.cursor())

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        if self._hold:
            self._hold.release()

    def __getattr__(self, name: str) -> Any:
        if name in queries.all() or name in queries.SUPERSEDED:
            method, query = partial(self.named, name), queries.all()[queries.SUPERSEDED.get(name, name)]
            method.__doc__ = "\n\n".join(filter(None, (query.title, query.doc)))
            return method
        raise AttributeError(f"a store has no {name!r}; named queries are {', '.join(queries.all())}")

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *queries.all()})

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        lines = [f"{one.name:<18}{one.rows:>12,}  {one.kind:<6}{one.comment}" for one in self.relations()]
        named = ", ".join(queries.all())
        return "\n".join([f"{self.path}, snapshot {self.snapshot}", *lines, f"named queries: {named}"])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{html.escape(one.name)}</code></td><td>{one.kind}</td>"
            f"<td style='text-align:right'>{one.rows:,}</td>"
            f"<td style='text-align:left'>{html.escape(one.comment)}</td></tr>"
            for one in self.relations()
        )
        named = ", ".join(f"<code>{name}</code>" for name in queries.all())
        return (
            f"<p><code>{html.escape(str(self.path))}</code>, snapshot {self.snapshot}</p><table>{rows}</table>"
            f"<p>Named queries: {named}</p>"
        )


def _one(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """Return the last statement of a text, after running those before it."""
    statements = cursor.extract_statements(sql)
    if not statements:
        raise StoreInvalid(f"there is no SQL statement in {sql!r}")
    rows = [one for one in statements if _gives_rows(one)]
    if len(rows) > 1 or (rows and rows[0] is not statements[-1]):
        texts = "; ".join(" ".join(one.query.split()) for one in rows)
        raise StoreInvalid(f"only the last statement may return rows; these do, too: {texts}. Run them one by one")
    for statement in statements[:-1]:
        cursor.execute(statement)
    return statements[-1]


def _gives_rows(statement: duckdb.Statement) -> bool:
    only = [duckdb.ExpectedResultType.QUERY_RESULT]
    # PIVOT is several statements in one, of which the last is a query.
    return statement.expected_result_type == only or statement.type == duckdb.StatementType.MULTI


def open(path: str | os.PathLike[str] | Layout | None = None, folders: Sequence[Path] = ()) -> Store:
    """Open the newest snapshot of a store for reading, also while the engine writes.

    When the pointer is missing or its snapshot does not open, the newest one that does is opened, with a warning.

    Args:
        path: the DuckDB file; None means `$GOLDILOCKS_STORE`, or else `data/grid.duckdb` under the current folder.
        folders: what statements may read and write beside it.

    Returns:
        The handle.

    Raises:
        StoreMissing: when there is none; the message says which command makes one.
        StoreCorrupt: when the file cannot be read.
        StoreNewer: when it was written by a later version of the code.
        StoreInvalid: when it is a DuckDB file but no store, or has something in it that no store has.
    """
    layout = Layout.at(path)
    opened = open_newest(layout, folders)
    try:
        if not opened.steps:
            raise StoreInvalid(
                f"{opened.file} is a DuckDB file, but not a Goldilocks store: it has no table schema_steps"
            )
    except BaseException:
        opened.close()
        raise
    return Store(layout.path, opened.file, opened.version, opened.connection, opened.hold)
