"""A snapshot, opened once for all readers of a server, with the slow views kept in memory.

`outcomes` and `signal_rates` summarize millions of rows of curves and layers, and nearly every page asks about them.
Their rows do not change within a snapshot, so each is computed once, when it is first asked about.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from goldilocks import store
from goldilocks.store import queries
from goldilocks.store.files.attach import attach
from goldilocks.store.files.hold import Hold
from goldilocks.store.quoting import identifier, literal
from goldilocks.store.snapshots.key import key
from goldilocks.store.snapshots.opening import DATABASE

if TYPE_CHECKING:
    import pandas as pd

KEPT = ("signal_rates", "outcomes")
# A question that takes longer is stopped: readers of a public server may ask saved questions with values of their own.
MOST_SECONDS = 20.0
_MENTIONED = re.compile(rf"\b(?:FROM|JOIN)\s+({'|'.join(KEPT)})\b")


class Moved(Exception):
    """The store names another snapshot than the one that was asked for."""


_early: dict[str, Snapshot] = {}


def newest() -> str:
    """Return a key that changes when, and only when, the contents of the store do; costs no opening of the file.

    Raises:
        StoreError: there is no store.
    """
    file = store.Layout.at().resolve()
    try:
        return key(file)
    except FileNotFoundError:
        raise store.StoreMissing(f"{file} has just been removed.") from None


def open_early() -> None:
    """Open the newest snapshot and compute its slow views while the server still loads its modules.

    Raises:
        Moved: it has just been replaced.
        StoreError: there is no store, or it cannot be read.
    """
    version = newest()
    _early[version] = Snapshot(version)
    _early[version].prepare()


def opened(version: str) -> Snapshot:
    """Return a snapshot, the one that was opened early if that is it; see `Snapshot`."""
    found = _early.pop(version, None)
    while _early:
        # Nobody will ask for one that was replaced before the first page.
        _early.popitem()[1].close()
    return found or Snapshot(version)


@contextmanager
def _limited(cursor: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Stop what a cursor does after a while; other cursors go on."""
    timer = threading.Timer(MOST_SECONDS, cursor.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield cursor
    finally:
        timer.cancel()


class Snapshot:
    """One snapshot.

    Args:
        version: which one; see `store.Store.version`.

    Attributes:
        sound: whether it is that one; else that one is damaged, and this is the newest that can be read.

    Raises:
        Moved: the store names another one by now.
        StoreError: none can be read.
    """

    def __init__(self, version: str) -> None:
        with store.open() as handle:
            self.sound = handle.version == version
            if not self.sound and newest() != version:
                raise Moved(version)
            # Closing any handle on the file drops DuckDB's lock, but not this one.
            self._hold = Hold(handle.file)
            self._connection = duckdb.connect()
            self._connection.execute(attach(handle.file, DATABASE, read_only=True))
        self._connection.execute(f"USE {DATABASE}")
        self._kept: set[str] = set()
        # One for each view: who needs a fast one does not wait for a slow one.
        self._guards = {view: threading.Lock() for view in KEPT}

    def prepare(self) -> None:
        """Compute the slow views now, so that no reader has to wait for them."""
        for view in KEPT:
            self._keep(view)

    def ask(
        self, name: str, values: dict[str, Any], most: int | None = None, columns: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return the answer of a named query.

        Args:
            name: a file of `store/sql` without its ending.
            values: its parameters.
            most: at most this many rows; None for all.
            columns: only these columns; none named means all.

        Raises:
            duckdb.InterruptException: it took longer than MOST_SECONDS.
        """
        query = queries.get(name)
        chosen = ", ".join(map(identifier, columns)) or "*"
        sql = f"SELECT {chosen} FROM ({query.sql}\n)" + ("" if most is None else f" LIMIT {most:d}")
        with _limited(self._cursor(query)) as cursor:
            return cursor.execute(sql, query.bind(values) or None).df()

    def save(
        self, query: queries.Query, values: Mapping[str, Any], path: Path, kind: str, called: Callable[[str], str]
    ) -> None:
        """Write the whole answer of a named query to a file, without taking it into this process.

        Args:
            query: the named query.
            values: its parameters.
            path: the file.
            kind: CSV or Parquet.
            called: what makes its SQL one with other names of columns.
        """
        into = f"{literal(str(path))} (FORMAT {'csv' if kind == 'CSV' else 'parquet'})"
        sql = f"COPY ({called(query.sql)}\n) TO {into}"
        with _limited(self._cursor(query)) as cursor:
            cursor.execute(sql, query.bind(values) or None)

    def _cursor(self, query: queries.Query) -> duckdb.DuckDBPyConnection:
        """Return a cursor that finds the views kept in memory before those of the file."""
        mentioned = _MENTIONED.findall(query.sql)
        for view in mentioned:
            self._keep(view)
        cursor = self._connection.cursor()
        cursor.execute(f"SET search_path = '{'memory.main,' if mentioned else ''}grid.main'")
        return cursor

    def _keep(self, view: str) -> None:
        with self._guards[view]:
            if view not in self._kept:
                cursor = self._connection.cursor()
                cursor.execute("USE grid")
                cursor.execute(f"CREATE TABLE memory.main.{view} AS FROM grid.main.{view}")
                self._kept.add(view)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        self._hold.release()
