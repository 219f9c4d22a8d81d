"""Makes a snapshot of the journal and points to it.

Readers and a writer cannot share a DuckDB file, and a process that has a file open keeps seeing the old one after a
replacement. So a snapshot is a new file with a new name, built aside; only the pointer changes, in one step.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreChanged, StoreCorrupt, StoreFailed, StoreWarning
from goldilocks.store.files import digests, durable
from goldilocks.store.files.aside import set_aside
from goldilocks.store.files.attach import attached
from goldilocks.store.files.pointer import refuse_foreign_file
from goldilocks.store.layout import Layout, command
from goldilocks.store.schema import migrate
from goldilocks.store.schema.definitions import listed
from goldilocks.store.snapshots import predecessor, seal
from goldilocks.store.snapshots.agreement import disagreement
from goldilocks.store.snapshots.blank import blank
from goldilocks.store.snapshots.ingest import ingest
from goldilocks.store.snapshots.predecessor import Base
from goldilocks.store.writing import journal, packing, verification
from goldilocks.store.writing.journal import Entry
from goldilocks.store.writing.lock import WriterLock

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


def publish(layout: Layout, *, anew: bool = False) -> Snapshot | None:
    """Add to a new snapshot what the journal has and the newest one lacks, and point to it.

    Take the writer lock unless this process has it. Repair a missing pointer and build anew when snapshots are
    unreadable. An entry that cannot be read is left in place, skipped, and named in a `StoreWarning`.

    Args:
        layout: the store.
        anew: whether to build from the whole journal, whatever the snapshots hold.

    Returns:
        The new snapshot, or None when there was nothing to add.

    Raises:
        StoreBusy: when another process writes.
        StoreNewer: when the newest snapshot is from a later version of the code.
        StoreCorrupt: when journal and snapshot disagree, and there is no digest to tell which of them is right.
        StoreFailed: when the file system refuses, the disk being full for instance; nothing has then changed.
    """
    with WriterLock(layout):
        refuse_foreign_file(layout)
        packing.pack(layout)
        base = None if anew else predecessor.newest(layout)
        _warn_of_lost_entries(layout, base)
        entries = predecessor.sound(layout, base, warn=True)
        if base is not None and not entries and base.current:
            _repair_pointer(layout, base.path)
            return None
        if base is None and not entries:
            return None
        try:
            return _publish(layout, base, entries)
        except (OSError, duckdb.Error) as error:
            raise StoreFailed(f"publishing to {layout.path} failed, the last snapshot is unchanged: {error}") from error


def _publish(layout: Layout, base: Base | None, entries: Sequence[Entry]) -> Snapshot | None:
    """Build on a snapshot, or on the one before it, or on nothing but the journal."""
    try:
        return _build(layout, base, entries)
    except (duckdb.Error, StoreChanged) as error:
        if base is None or durable.is_full(error):
            raise
        warnings.warn(f"{base.path} cannot be extended: {error}", StoreWarning, stacklevel=3)
        older = predecessor.newest(layout, below=int(base.path.stem))
        return _publish(layout, older, predecessor.sound(layout, older))


def _build(layout: Layout, base: Base | None, entries: Sequence[Entry]) -> Snapshot:
    started = time.monotonic()
    number = max(layout.snapshot_numbers(), default=0) + 1
    final = layout.snapshot_file(number)
    unfinished = durable.temporary(layout.snapshots, final.name)
    known = _witnesses(layout, base)
    try:
        cells = fill(unfinished, base, entries, known)
        seal.seal(unfinished, final)
        durable.commit(unfinished, final)
    finally:
        durable.discard(unfinished)
    # What a snapshot took in without a digest has one from now on.
    for entry in (*known, *entries):
        if not (entry.path / digests.NAME).exists():
            verification.write_list(layout, entry)
    durable.point(layout.path, final)
    _tidy(layout, base)
    return Snapshot(number, final, cells, len(entries), time.monotonic() - started)


def _witnesses(layout: Layout, base: Base | None) -> list[Entry]:
    """Return the entries that say whether a snapshot without digest is right; none where some of them are lost."""
    if base is None or base.sealed:
        return []
    witnesses = [entry for entry in journal.entries(layout) if entry.name in base.entries]
    return witnesses if len(witnesses) == len(base.entries) else []


def fill(file: Path, base: Base | None, entries: Sequence[Entry], witnesses: Sequence[Entry] = ()) -> int:
    """Make a database of a snapshot, or of nothing, and journal entries.

    Args:
        file: where; what is there is replaced.
        base: the snapshot to build on, or None.
        entries: what it lacks.
        witnesses: the entries that a snapshot without digest was made of: it must hold what they say.

    Returns:
        The number of cells in it.

    Raises:
        OSError, duckdb.Error: when something cannot be read or written.
        StoreChanged: when the snapshot is not what was published.
        StoreCorrupt: when it does not hold what the witnesses say, or has not the tables of its schema.
    """
    durable.discard(file)
    if base is None:
        file.write_bytes(blank())
    else:
        durable.copy(base.path, file)
    folders = sorted({entry.path.parent for entry in (*entries, *witnesses)})
    # Reading all of the snapshot takes as long as building on it.
    with ThreadPoolExecutor(1) as thread, attached(file, folders=folders, own=True) as connection:
        proof = thread.submit(_refuse_unproved, base)
        if base is not None and not base.current:
            migrate.migrate(connection)
        if base is not None and witnesses:
            _compare(connection, base, witnesses)
        ingest(connection, entries)
        cells = connection.execute("SELECT count(*) FROM cells").fetchall()[0][0]
        proof.result()
        connection.execute("CHECKPOINT snapshot")
    return cells


def _refuse_unproved(base: Base | None) -> None:
    if base is not None and base.sealed and not seal.intact(base.path, thorough=True):
        raise StoreChanged(f"{base.path} has changed since it was published")


def _compare(connection: duckdb.DuckDBPyConnection, base: Base, witnesses: Sequence[Entry]) -> None:
    """Take over the digests of entries that a snapshot agrees with, or refuse it."""
    try:
        difference = disagreement(connection, witnesses)
    except duckdb.Error as error:
        difference = str(error)
    if difference:
        raise StoreCorrupt(
            f"{base.path} and the journal disagree, and there is no digest to tell which is right: {difference}. "
            "`goldilocks store check --repair` on this store sets aside the cells in question."
        )
    names = [entry.name for entry in witnesses]
    connection.execute(
        "UPDATE journal_entries SET digest = known.digest FROM (SELECT unnest($names) AS entry, unnest($digests) AS "
        "digest) AS known WHERE journal_entries.entry = known.entry",
        {"names": names, "digests": verification.digests_of(witnesses)},
    )


def _warn_of_lost_entries(layout: Layout, base: Base | None) -> None:
    lost = sorted(base.entries.keys() - {entry.name for entry in journal.entries(layout)}) if base else []
    if lost:
        warnings.warn(
            f"the journal of {layout.path} lacks {len(lost)} entries that the newest snapshot has, the first is "
            f"{lost[0]}; nothing is lost: {command('store check --repair', layout.path)} restores them.",
            StoreWarning,
            stacklevel=3,
        )


def _repair_pointer(layout: Layout, snapshot: Path) -> None:
    if not layout.path.is_symlink() or os.path.realpath(layout.path) != os.path.realpath(snapshot):
        durable.point(layout.path, snapshot)


def _tidy(layout: Layout, base: Base | None) -> None:
    """Keep the newest snapshots, and what is not the store's own out of their way."""
    if base is not None and base.foreign:
        warnings.warn(
            f"{base.path} held {listed(base.foreign)}: it was moved to {layout.damaged}", StoreWarning, stacklevel=4
        )
        set_aside(layout, base.path)
    for number in layout.snapshot_numbers()[:-1]:
        if seal.intact(layout.snapshot_file(number)) is False:
            set_aside(layout, layout.snapshot_file(number))
            durable.discard(seal.digest_file(layout.snapshot_file(number)))
    for number in layout.snapshot_numbers()[:-KEEP]:
        durable.discard(layout.snapshot_file(number))
