"""Following the pointer to a snapshot and opening that, while snapshots come and go and some may be damaged."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import duckdb

from store import migrate
from store.attach import refuse_truncated
from store.errors import StoreCorrupt, StoreMissing, StoreWarning
from store.layout import Layout

_ATTEMPTS = 5


@dataclass(frozen=True)
class Opened:
    """A snapshot that could be opened, its key for caches, and the steps of the schema that it has."""

    file: Path
    version: str
    connection: duckdb.DuckDBPyConnection
    steps: set[int]


def open_newest(layout: Layout) -> Opened:
    """Opens what the pointer names, or else the newest snapshot that can be opened, with a warning.

    Args:
        layout: the store.

    Raises:
        StoreMissing: when there is none; the message says which command makes one.
        StoreCorrupt: when none can be read.
    """
    try:
        return _follow(layout)
    except (StoreMissing, StoreCorrupt) as error:
        for number in reversed(layout.snapshot_numbers()):
            try:
                opened = _open_file(layout.snapshot_file(number))
            except (OSError, duckdb.Error):
                # The error that is told is that of the one the pointer names.
                continue
            warnings.warn(f"{error} Snapshot {number:06d} is read meanwhile.", StoreWarning, stacklevel=4)
            return opened
        raise


def _follow(layout: Layout) -> Opened:
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


def _open_file(file: Path) -> Opened:
    """Opens a file and reads enough of it to notice most of what can be missing, which DuckDB notices later."""
    status = file.stat()
    version = f"{file.stem}-{status.st_ino}-{status.st_mtime_ns}"
    connection = duckdb.connect(str(file), read_only=True)
    try:
        refuse_truncated(connection, file)
        return Opened(file, version, connection, migrate.applied(connection))
    except BaseException:
        connection.close()
        raise
