"""A connection for SQL that strangers typed: one snapshot, read-only, and nothing else in reach."""

from __future__ import annotations

import os

import duckdb

from goldilocks.store.files.attach import ISOLATED, attach, isolate
from goldilocks.store.layout import Layout
from goldilocks.store.quoting import literal
from goldilocks.store.snapshots.opening import DATABASE, open_newest


def sandboxed(
    path: str | os.PathLike[str] | Layout | None = None, *, memory_limit: str = "1GB", threads: int = 2
) -> duckdb.DuckDBPyConnection:
    """Open the newest snapshot for SQL that strangers typed.

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
    opened = open_newest(Layout.at(path))
    opened.close()
    limits = {"memory_limit": memory_limit, "threads": threads, "temp_directory": ""}
    # Else some functions show, or their errors name, the home folder of whoever runs this.
    limits |= dict.fromkeys(("home_directory", "extension_directory", "secret_directory"), "none")
    connection = duckdb.connect(config=ISOLATED)
    for name, value in limits.items():
        connection.execute(f"SET {name} = {literal(str(value))}")
    connection.execute(attach(opened.file, DATABASE, read_only=True))
    isolate(connection)
    connection.execute(f"USE {DATABASE}")
    return connection
