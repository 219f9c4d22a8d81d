"""Opening a DuckDB file beside an empty database in memory, independent of other handles on the same file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

STORAGE_VERSION = "v1.2.0"


@contextmanager
def attached(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a file as the current database `snapshot`, in the format that the oldest promised DuckDB reads."""
    with duckdb.connect() as connection:
        connection.execute(attach(path, "snapshot", read_only=read_only))
        connection.execute("USE snapshot")
        yield connection
        connection.execute("USE memory")
        connection.execute("DETACH snapshot")


def attach(path: Path, name: str, *, read_only: bool) -> str:
    """Returns the statement that attaches a file under a name."""
    mode = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    quoted = str(path).replace("'", "''")
    return f"ATTACH '{quoted}' AS {name} ({mode})"
