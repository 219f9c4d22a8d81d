"""Opening a DuckDB file beside an empty database in memory, independent of other handles on the same file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from store.errors import StoreBusy

STORAGE_VERSION = "v1.2.0"
# What DuckDB says of a file that another process, or another connection of this one, has open for writing.
_HELD = ("Could not set lock on file", "with a different configuration", "Unique file handle conflict")
# Three headers of 4096 bytes lie before the first block of a file.
HEADERS = 3 * 4096


@contextmanager
def attached(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a file as the current database `snapshot`, in the format that the oldest promised DuckDB reads."""
    with duckdb.connect() as connection:
        try:
            connection.execute(attach(path, "snapshot", read_only=read_only))
        except duckdb.Error as error:
            refuse_held(error, path)
            raise
        connection.execute("USE snapshot")
        if read_only:
            refuse_truncated(connection, path)
        yield connection
        connection.execute("USE memory")
        connection.execute("DETACH snapshot")


def attach(path: Path, name: str, *, read_only: bool) -> str:
    """Returns the statement that attaches a file under a name."""
    mode = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    quoted = str(path).replace("'", "''")
    return f"ATTACH '{quoted}' AS {name} ({mode})"


def refuse_held(error: duckdb.Error, path: Path) -> None:
    """Raises StoreBusy when DuckDB could not open a file because a program has it open for writing.

    Args:
        error: what DuckDB said.
        path: the file.
    """
    text = str(error)
    if not any(said in text for said in _HELD):
        return
    holder = re.search(r"held in (.+) \(PID (\d+)\)", text)
    who = f"process {holder[2]} ({holder[1]})" if holder else "this program itself"
    raise StoreBusy(
        f"{path} is open for writing in {who}. Close it there: snapshots are for reading, and others open them with "
        "read_only=True. Nothing is damaged by that, and nothing needs a repair."
    ) from error


def refuse_truncated(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Compares the length of a file with the number of blocks that are in use, which DuckDB does not.

    Free blocks may lie between them or be cut off at the end, so this is the least length that the file must have.

    Args:
        connection: a connection whose current database is the file.
        path: the file.

    Raises:
        duckdb.IOException: when its end is missing.
    """
    sizes = "SELECT block_size * used_blocks FROM pragma_database_size() WHERE database_name = current_database()"
    used = connection.execute(sizes).fetchall()[0][0]
    least, found = HEADERS + int(used), path.stat().st_size
    if found < least:
        raise duckdb.IOException(f"{path} is cut off: {found} bytes of at least {least}")
