"""Makes a snapshot of the journal and points to it.

Readers and a writer cannot share a DuckDB file, and a process that has a file open keeps seeing the old one after a
replacement. So a snapshot is a new file with a new name, built aside; only the pointer changes, in one step.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from store import durable, journal, migrate
from store.attach import attached
from store.errors import StoreError, StoreInvalid, StoreNewer, StoreWarning
from store.ingest import ingest, ingested
from store.journal import Entry
from store.layout import Layout
from store.lock import WriterLock

KEEP = 2


@dataclass(frozen=True)
class Snapshot:
    """A published file: its number, path, rows in `cells`, journal entries added, and seconds it took."""

    number: int
    path: Path
    cells: int
    entries: int
    seconds: float

    @property
    def name(self) -> str:
        """The file's stem, by which readers tell snapshots apart."""
        return self.path.stem


@dataclass(frozen=True)
class Base:
    """A readable snapshot to build on: which journal entries it has, and whether its schema is that of this code."""

    path: Path
    entries: frozenset[str]
    current: bool


def publish(layout: Layout, *, anew: bool = False) -> Snapshot | None:
    """Adds to a new snapshot what the journal has and the newest one lacks, and points to it.

    Takes the writer lock unless this process has it. Repairs a missing pointer and builds anew when snapshots are
    unreadable. An entry that cannot be read is left in place, skipped, and named in a `StoreWarning`.

    Args:
        layout: the store.
        anew: whether to build from the whole journal, whatever the snapshots hold.

    Returns:
        The new snapshot, or None when there was nothing to add.

    Raises:
        StoreBusy: when another process writes.
        StoreNewer: when the newest snapshot is from a later version of the code.
        StoreError: when the file system refuses, the disk being full for instance; nothing has then changed.
    """
    with WriterLock(layout):
        _refuse_foreign_file(layout)
        base = None if anew else newest(layout)
        entries = _sound(pending(layout, base))
        if base is not None and not entries and base.current:
            _repair_pointer(layout, base.path)
            return None
        if base is None and not entries:
            return None
        try:
            return _publish(layout, base, entries)
        except (OSError, duckdb.Error) as error:
            raise StoreError(f"publishing to {layout.path} failed, the last snapshot stays: {error}") from error


def newest(layout: Layout) -> Base | None:
    """Returns the newest snapshot that can be read, or None; warns of every other one.

    Raises:
        StoreNewer: when it is from a later version of the code.
    """
    for number in reversed(layout.snapshot_numbers()):
        path = layout.snapshot_file(number)
        try:
            with attached(path, read_only=True) as connection:
                migrate.refuse_newer(migrate.applied(connection), path)
                return Base(path, frozenset(ingested(connection)), migrate.is_current(connection))
        except StoreNewer:
            raise
        except duckdb.Error as error:
            warnings.warn(f"{path} cannot be read and is passed over: {error}", StoreWarning, stacklevel=3)
    return None


def pending(layout: Layout, base: Base | None) -> list[Entry]:
    """Returns the entries of the journal that a snapshot lacks, all of them for None."""
    return [entry for entry in journal.entries(layout) if base is None or entry.name not in base.entries]


def _publish(layout: Layout, base: Base | None, entries: Sequence[Entry]) -> Snapshot | None:
    try:
        return _build(layout, base, entries)
    except duckdb.Error:
        sound = [entry for entry in entries if not _warn_of(entry, journal.deep_flaw(entry))]
        if len(sound) < len(entries):
            return _build(layout, base, sound) if sound or (base and not base.current) else None
        if base is None:
            raise
        warnings.warn(f"{base.path} cannot be built on; building anew from the journal", StoreWarning, stacklevel=3)
        return _build(layout, None, _sound(journal.entries(layout)))


def _build(layout: Layout, base: Base | None, entries: Sequence[Entry]) -> Snapshot:
    started = time.monotonic()
    number = max(layout.snapshot_numbers(), default=0) + 1
    unfinished = durable.temporary(layout.snapshots, f"{number:06d}.duckdb")
    try:
        cells = fill(unfinished, base, entries)
        durable.commit(unfinished, layout.snapshot_file(number))
    finally:
        durable.discard(unfinished)
    durable.point(layout.path, layout.snapshot_file(number))
    _remove_old(layout)
    return Snapshot(number, layout.snapshot_file(number), cells, len(entries), time.monotonic() - started)


def fill(file: Path, base: Base | None, entries: Sequence[Entry]) -> int:
    """Makes a database of a snapshot, or of nothing, and journal entries.

    Args:
        file: where; what is there is replaced.
        base: the snapshot to build on, or None.
        entries: what it lacks.

    Returns:
        The number of cells in it.

    Raises:
        OSError, duckdb.Error: when something cannot be read or written.
    """
    durable.discard(file)
    if base is not None:
        durable.copy(base.path, file)
    with attached(file) as connection:
        if base is None or not base.current:
            migrate.migrate(connection)
        ingest(connection, entries)
        cells = connection.execute("SELECT count(*) FROM cells").fetchall()[0][0]
        connection.execute("CHECKPOINT snapshot")
    return cells


def _sound(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if not _warn_of(entry, journal.flaw(entry))]


def _warn_of(entry: Entry, flaw: str | None) -> bool:
    if flaw:
        warnings.warn(f"journal entry {entry.path} is skipped: {flaw}", StoreWarning, stacklevel=4)
    return flaw is not None


def _refuse_foreign_file(layout: Layout) -> None:
    if layout.path.exists() and not layout.path.is_symlink():
        raise StoreInvalid(
            f"{layout.path} is a file of its own, not the pointer of a store, and is not overwritten: "
            "move it away, or choose another file with --store."
        )


def _repair_pointer(layout: Layout, snapshot: Path) -> None:
    if not layout.path.is_symlink() or os.path.realpath(layout.path) != os.path.realpath(snapshot):
        durable.point(layout.path, snapshot)


def _remove_old(layout: Layout) -> None:
    for number in layout.snapshot_numbers()[:-KEEP]:
        durable.discard(layout.snapshot_file(number))
