"""A connection for SQL that strangers typed: one snapshot, read-only, and nothing else in reach."""

from __future__ import annotations

import os

import duckdb

from store.attach import attach
from store.layout import Layout
from store.opening import open_newest


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
    found = open_newest(Layout.at(path))
    found.close()
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
