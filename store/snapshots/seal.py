"""Snapshots are for reading: each is closed to writing and has its digest beside it; a changed one is not believed."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreChanged, StoreError
from goldilocks.store.files import digests, durable
from goldilocks.store.files.attach import attached
from goldilocks.store.files.digests import Digests, DigestsDamaged
from goldilocks.store.schema import migrate
from goldilocks.store.schema.definitions import listed

READ_ONLY = 0o444
# The digest of a file of this path, inode, size and time: reading all of it again would give the same.
_known: dict[tuple[str, str], str] = {}


def seal(unfinished: Path, final: Path) -> None:
    """Close a complete snapshot to writing, and commit its digest.

    Args:
        unfinished: the file.
        final: the name that it is going to have.
    """
    os.chmod(unfinished, READ_ONLY)
    beside = digest_file(final)
    written = durable.temporary(beside.parent, beside.name)
    durable.discard(written)
    written.write_text(Digests({final.name: digests.of(unfinished)}, state(unfinished)).text())
    os.chmod(written, READ_ONLY)
    durable.commit(written, beside)


def intact(file: Path, *, thorough: bool = False) -> bool | None:
    """Tell whether a snapshot is as it was published.

    Args:
        file: the snapshot.
        thorough: whether to read all of it, even when inode, size and time are those of its publication.

    Returns:
        None when nothing says so: it has no digest, or a damaged one.
    """
    try:
        known = digests.read(digest_file(file))
    except DigestsDamaged:
        return None
    if known is None or file.name not in known.files:
        return None
    now = state(file)
    if not thorough and known.note == now:
        return True
    key = (str(file), now)
    if thorough or key not in _known:
        _known[key] = digests.of(file)
    return _known[key] == known.files[file.name]


def refuse_changed(file: Path) -> bool | None:
    """Return `intact`, and refuse a snapshot that has changed or that DuckDB would change while opening it.

    Raises:
        StoreChanged: when somebody wrote to it; the message names what is in it that the code does not make.
    """
    log = durable.log_of(file)
    if log.exists():
        raise StoreChanged(f"beside {file} lies {log.name}: another program opened the file for writing.")
    unchanged = intact(file)
    if unchanged is False:
        raise StoreChanged(f"{file} has changed since it was published{_foreign(file)}: snapshots are read-only.")
    return unchanged


def digest_file(snapshot: Path) -> Path:
    """Return the path of the file that holds the digest of a snapshot."""
    return snapshot.with_name(snapshot.name + digests.SUFFIX)


def state(file: Path) -> str:
    """Return what changes with the contents of a file, unless somebody takes pains: its inode, size and time."""
    status = file.stat()
    return f"inode {status.st_ino}, {status.st_size} bytes, modified {status.st_mtime_ns}"


def _foreign(file: Path) -> str:
    try:
        with attached(file, read_only=True, own=True) as connection:
            objects = migrate.unexpected(connection)
    except (duckdb.Error, StoreError, OSError):
        return ""
    return f" and holds {listed(objects)}, which a repair omits from the next one" if objects else ""
