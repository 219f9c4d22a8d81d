"""Opening a DuckDB file beside an empty database in memory, independent of other handles on the same file.

Whoever made the file, nothing in it reaches further: before it becomes the current database, the connection has lost
access to all files but those that it was given, and nothing gives it back.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from goldilocks.store.errors import StoreBusy
from goldilocks.store.quoting import identifier, literal
from goldilocks.store.schema.admission import refuse_strange

STORAGE_VERSION = "v1.2.0"
# What DuckDB says of a file that another process, or another connection of this one, has open for writing.
_HELD = ("Could not set lock on file", "with a different configuration", "Unique file handle conflict")
# Three headers of 4096 bytes lie before the first block of a file.
HEADERS = 3 * 4096
# No extension is looked for, and the name of a table is never that of a Python variable of this process.
ISOLATED: dict[str, Any] = {
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}


@contextmanager
def attached(
    path: Path,
    *,
    read_only: bool = False,
    folders: Sequence[Path] = (),
    beside: Mapping[str, Path | None] | None = None,
    own: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a file as the current database `snapshot`, in the format that the oldest promised DuckDB reads.

    Args:
        path: the file.
        read_only: whether it exists and is not to be changed.
        folders: what else the connection may read.
        beside: other files to attach for reading, by name; None stands for an empty database in memory.
        own: whether it is a snapshot of the store that is being written, or a copy of one: what somebody put into it
            is then left out by whoever builds on it.

    Raises:
        StoreInvalid: when a file that is not one's own has something in it that no store has.
        StoreNewer: when it was written by a later version of the code.
        StoreBusy: when a program has it open for writing.
    """
    with duckdb.connect(config=ISOLATED) as connection:
        try:
            connection.execute(attach(path, "snapshot", read_only=read_only))
        except duckdb.Error as error:
            refuse_held(error, path)
            raise
        for name, other in (beside or {}).items():
            connection.execute(attach(other, name, read_only=True) if other else f"ATTACH ':memory:' AS {name}")
        if not own:
            refuse_strange(connection, "snapshot", path)
        isolate(connection, folders)
        connection.execute("USE snapshot")
        if read_only:
            refuse_truncated(connection, path)
        yield connection
        connection.execute("USE memory")
        connection.execute("DETACH snapshot")


def attach(path: Path, name: str, *, read_only: bool) -> str:
    """Return the statement that attaches a file under a name."""
    mode = "READ_ONLY" if read_only else f"STORAGE_VERSION {literal(STORAGE_VERSION)}"
    return f"ATTACH {literal(path)} AS {identifier(name)} ({mode})"


def isolate(connection: duckdb.DuckDBPyConnection, folders: Sequence[Path] = ()) -> None:
    """Take from a connection, for good, all files but its databases, and the right to change its configuration.

    Args:
        connection: a connection with everything attached that it needs.
        folders: what it may read, and write to, beside that.
    """
    if folders:
        names = [str(folder.absolute()) for folder in folders]
        # A pattern that stands for a name has to be allowed as it is written, and what it stands for, too.
        allowed = ", ".join(map(literal, dict.fromkeys((*names, *map(glob.escape, names)))))
        connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def refuse_held(error: duckdb.Error, path: Path) -> None:
    """Raise StoreBusy when DuckDB could not open a file because a program has it open for writing.

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
        f"{path} is open for writing in {who}. Close it there: snapshots are read-only; open them with "
        "read_only=True. Nothing is damaged, and no repair is needed."
    ) from error


def refuse_truncated(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Compare the length of a file with the number of blocks that are in use, which DuckDB does not.

    Free blocks may lie between them or be cut off at the end, so this is the least length that the file must have.

    Args:
        connection: a connection whose current database is the file.
        path: the file.

    Raises:
        duckdb.IOException: when its end is missing.
    """
    sizes = "SELECT block_size * used_blocks FROM pragma_database_size() WHERE database_name = current_database()"
    used = connection.execute(sizes).fetchall()[0][0]
    least, actual = HEADERS + int(used), path.stat().st_size
    if actual < least:
        raise duckdb.IOException(f"{path} is truncated: {actual} bytes of at least {least}")
