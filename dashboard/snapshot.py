"""A snapshot, opened once for all readers of a server, with the slow views kept in memory.

`outcomes` and `signal_rates` summarize millions of rows of curves and layers, and nearly every page asks about them.
Their rows do not change within a snapshot, so each is computed once, when it is first asked about.
"""

import re
import threading
from typing import Any

import duckdb
import pandas as pd

import store
from store import queries

KEPT = ("outcomes", "signal_rates")
_MENTIONED = re.compile(rf"\b(?:FROM|JOIN)\s+({'|'.join(KEPT)})\b")


class Moved(Exception):
    """The store names another snapshot than the one that was asked for."""


class Snapshot:
    """One snapshot.

    Args:
        version: which one; see `store.Store.version`.

    Raises:
        Moved: the store names another one by now.
        StoreError: it cannot be read.
    """

    def __init__(self, version: str) -> None:
        with store.open() as handle:
            if handle.version != version:
                raise Moved(version)
            self._connection = duckdb.connect()
            quoted = str(handle.file).replace("'", "''")
            self._connection.execute(f"ATTACH '{quoted}' AS grid (READ_ONLY)")
        self._connection.execute("USE grid")
        self._kept: set[str] = set()
        self._guard = threading.Lock()

    def ask(self, name: str, values: dict[str, Any]) -> pd.DataFrame:
        """Return the answer of a named query.

        Args:
            name: a file of `store/sql` without its ending.
            values: its parameters.
        """
        query = queries.get(name)
        for view in _MENTIONED.findall(query.sql):
            self._keep(view)
        cursor = self._connection.cursor()
        memory = "memory.main," if _MENTIONED.search(query.sql) else ""
        cursor.execute(f"SET search_path = '{memory}grid.main'")
        return cursor.sql(query.sql, params=query.bind(values) or None).df()

    def _keep(self, view: str) -> None:
        with self._guard:
            if view not in self._kept:
                cursor = self._connection.cursor()
                cursor.execute("USE grid")
                cursor.execute(f"CREATE TABLE memory.main.{view} AS FROM grid.main.{view}")
                self._kept.add(view)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
