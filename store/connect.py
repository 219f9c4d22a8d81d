"""Reading a store: a handle on the snapshot that the pointer names at this moment.

The handle stays on its snapshot for ever; open again to see a newer one. Opening takes milliseconds.
"""

from __future__ import annotations

import html
import os
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import duckdb

from store import catalog, migrate, queries
from store.attach import attach, refuse_truncated
from store.errors import StoreCorrupt, StoreInvalid, StoreMissing, StoreWarning
from store.layout import Layout

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_ATTEMPTS = 5


class Result:
    """The rows of a query, in the form that is asked for. NaN and infinity stay themselves.

    Args:
        relation: DuckDB's relation, for those who want to go on with it.
    """

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self.relation = relation

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.relation.columns)

    def df(self) -> pandas.DataFrame:
        """Returns the rows as a pandas data frame."""
        return self.relation.df()

    def arrow(self) -> pyarrow.Table:
        """Returns the rows as an Arrow table."""
        return self.relation.to_arrow_table()

    def pl(self) -> polars.DataFrame:
        """Returns the rows as a polars data frame."""
        return self.relation.pl()

    def fetchall(self) -> list[tuple]:
        """Returns the rows as tuples."""
        return self.relation.fetchall()

    def __repr__(self) -> str:
        return repr(self.relation)

    def _repr_html_(self) -> str:
        return self.df().to_html(max_rows=20, notebook=True)


class Store:
    """A read-only handle on a snapshot, with one method per named query (see `dir`).

    Args:
        path: the pointer that was opened.
        file: the snapshot that it names.
        version: a key for caches; equal versions mean equal contents, even when a store was deleted and made anew.
        connection: the open connection.
    """

    def __init__(self, path: Path, file: Path, version: str, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self.file = file
        self.version = version
        self._connection = connection

    @property
    def snapshot(self) -> str:
        """The name of the snapshot."""
        return self.file.stem

    def query(self, sql: str, /, **values: Any) -> Result:
        """Runs SQL.

        Args:
            sql: one statement; `$name` stands for a value.
            values: by name.

        Returns:
            The rows.

        Raises:
            duckdb.Error: when DuckDB refuses the statement.
        """
        cursor = self.cursor()
        relation = cursor.sql(sql, params=values or None)
        return Result(relation if relation is not None else cursor.sql("SELECT 1 AS nothing LIMIT 0"))

    def named(self, name: str, /, **values: Any) -> Result:
        """Runs a named query.

        Args:
            name: one of `store.queries.all()`.
            values: by parameter name.

        Returns:
            The rows.

        Raises:
            StoreInvalid: when the query or a parameter does not exist, or a value lacks.
        """
        query = queries.get(name)
        return self.query(query.sql, **query.bind(values))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Returns a DuckDB connection to the snapshot, for what `query` cannot do; one per thread."""
        return self._connection.cursor()

    def relations(self) -> list[catalog.Relation]:
        """Returns the views and tables with their comments and row counts."""
        return catalog.relations(self.cursor())

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def __getattr__(self, name: str) -> Any:
        if name in queries.all():
            method = partial(self.named, name)
            method.__doc__ = "\n\n".join(filter(None, (queries.get(name).title, queries.get(name).doc)))
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
            f"<tr><td><code>{one.name}</code></td><td>{one.kind}</td><td style='text-align:right'>{one.rows:,}</td>"
            f"<td style='text-align:left'>{html.escape(one.comment)}</td></tr>"
            for one in self.relations()
        )
        named = ", ".join(f"<code>{name}</code>" for name in queries.all())
        return (
            f"<p><code>{html.escape(str(self.path))}</code>, snapshot {self.snapshot}</p><table>{rows}</table>"
            f"<p>Named queries: {named}</p>"
        )


def open(path: str | os.PathLike[str] | Layout | None = None) -> Store:
    """Opens the newest snapshot of a store for reading, also while the engine writes.

    When the pointer is missing or its snapshot does not open, the newest one that does is opened, with a warning.

    Args:
        path: the DuckDB file; None means `$GOLDILOCKS_STORE`, or else `data/grid.duckdb` under the current folder.

    Returns:
        The handle.

    Raises:
        StoreMissing: when there is none; the message says which command makes one.
        StoreCorrupt: when the file cannot be read.
        StoreNewer: when it was written by a later version of the code.
        StoreInvalid: when it is a DuckDB file but no store.
    """
    layout = Layout.at(path)
    found = _connect(layout)
    try:
        migrate.refuse_newer(found.steps, found.file)
        if not found.steps:
            raise StoreInvalid(
                f"{found.file} is a DuckDB file, but not a Goldilocks store: it has no table schema_steps"
            )
    except BaseException:
        found.connection.close()
        raise
    return Store(layout.path, found.file, found.version, found.connection)


def sandboxed(
    path: str | os.PathLike[str] | Layout | None = None, *, memory_limit: str = "1GB", threads: int = 2
) -> duckdb.DuckDBPyConnection:
    """Opens the newest snapshot for SQL that strangers typed.

    The snapshot is read-only and the only file in reach: no other file, network address, extension or setting. What a
    statement creates lives in memory, within the limit, until the connection is closed. Use the connection itself, not
    its `cursor()`, which does not know the current database; `interrupt()` from another thread ends a long statement.

    Args:
        path: as for `open`.
        memory_limit: memory that queries may use, in DuckDB's notation such as 512MB.
        threads: number of threads that queries may use.

    Returns:
        A DuckDB connection.

    Raises:
        StoreMissing, StoreCorrupt: as for `open`.
    """
    found = _connect(Layout.at(path))
    found.connection.close()
    # Without the first setting, a table's name could be that of a Python variable of this process.
    connection = duckdb.connect(
        config={
            "python_enable_replacements": False,
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": "",
        }
    )
    connection.execute(attach(found.file, "grid", read_only=True))
    connection.execute("USE grid")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


@dataclass(frozen=True)
class _Opened:
    """A snapshot that could be opened, its key for caches, and the steps of the schema that it has."""

    file: Path
    version: str
    connection: duckdb.DuckDBPyConnection
    steps: set[int]


def _connect(layout: Layout) -> _Opened:
    """Opens what the pointer names, or else the newest snapshot that can be opened, with a warning."""
    try:
        return _follow(layout)
    except (StoreMissing, StoreCorrupt) as error:
        for number in reversed(layout.snapshot_numbers()):
            try:
                opened = _open_file(layout.snapshot_file(number))
            except (OSError, duckdb.Error):
                continue
            warnings.warn(f"{error} Snapshot {number:06d} is read meanwhile.", StoreWarning, stacklevel=4)
            return opened
        raise


def _follow(layout: Layout) -> _Opened:
    """Follows the pointer anew when the snapshot it named was removed in the meantime."""
    for attempt in range(_ATTEMPTS):
        file = layout.resolve()
        try:
            return _open_file(file)
        except FileNotFoundError:
            continue
        except duckdb.Error as error:
            if attempt + 1 == _ATTEMPTS or file.exists():
                raise StoreCorrupt(
                    f"{file} cannot be read: {error} `python -m store check --repair --store {layout.path}` builds it "
                    "anew from the journal."
                ) from error
    raise StoreMissing(f"The snapshots of {layout.path} vanish while they are opened.")


def _open_file(file: Path) -> _Opened:
    """Opens a file and reads enough of it to notice most of what can be missing, which DuckDB notices later."""
    status = file.stat()
    version = f"{file.stem}-{status.st_ino}-{status.st_mtime_ns}"
    connection = duckdb.connect(str(file), read_only=True)
    try:
        refuse_truncated(connection, file)
        return _Opened(file, version, connection, migrate.applied(connection))
    except BaseException:
        connection.close()
        raise
