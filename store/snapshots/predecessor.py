"""What a snapshot is built on: the newest one that can be read, and what the journal has beyond it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreBusy, StoreCorrupt, StoreWarning
from goldilocks.store.files.attach import attached
from goldilocks.store.layout import Layout
from goldilocks.store.schema import migrate
from goldilocks.store.snapshots import seal
from goldilocks.store.snapshots.ingest import ingested
from goldilocks.store.writing import journal, packs, verification
from goldilocks.store.writing.journal import Entry


@dataclass(frozen=True)
class Base:
    """A readable snapshot to build on.

    Attributes:
        path: the file.
        entries: the journal entries that it has: the digest by the name, None where it has none.
        current: whether its schema is that of this code.
        sealed: whether it is as it was published; False when nothing says so.
        foreign: kind and name of what is in it that the code does not make.
    """

    path: Path
    entries: Mapping[str, str | None]
    current: bool
    sealed: bool
    foreign: tuple[tuple[str, str], ...]


# The snapshot that was looked into last and is as it was published: opening it again would say the same.
_sealed: dict[tuple[object, ...], Base] = {}


def newest(layout: Layout, below: int | None = None) -> Base | None:
    """Return the newest snapshot that can be built on, or None; warn of every other one.

    Args:
        layout: the store.
        below: only snapshots with a smaller number than this.

    Raises:
        StoreNewer: when it is from a later version of the code.
    """
    for number in reversed(layout.snapshot_numbers()):
        if below is not None and number >= below:
            continue
        path = layout.snapshot_file(number)
        try:
            return _base(path)
        except (duckdb.Error, StoreCorrupt, StoreBusy) as error:
            warnings.warn(f"{path} cannot be read and is skipped: {error}", StoreWarning, stacklevel=3)
    return None


def _base(path: Path) -> Base:
    sealed = seal.refuse_changed(path)
    key = (str(path), seal.state(path), migrate.steps())
    if sealed and key in _sealed:
        return _sealed[key]
    with attached(path, read_only=True, own=True) as connection:
        migrate.refuse_newer(migrate.applied(connection), path)
        # What is sealed and not of this code is of an earlier version.
        foreign = () if sealed else tuple(migrate.unexpected(connection))
        current = bool(sealed) and migrate.is_current(connection)
        base = Base(path, ingested(connection), current, bool(sealed), foreign)
    if sealed:
        _sealed.clear()
        _sealed[key] = base
    return base


def pending(layout: Layout, base: Base | None) -> list[Entry]:
    """Return the entries of the journal that a snapshot lacks, all of them for None."""
    return [entry for entry in journal.entries(layout) if base is None or entry.name not in base.entries]


def sound(layout: Layout, base: Base | None, *, warn: bool = False) -> list[Entry]:
    """Return the entries that a snapshot lacks and that are as they were written.

    Args:
        layout: the store.
        base: the snapshot, or None for all entries.
        warn: whether to warn of every other entry.
    """
    waiting = pending(layout, base)
    for folder in packs.unreadable(layout.journal) if warn else ():
        warnings.warn(f"{folder} is skipped: its list {packs.LIST} is missing or damaged", StoreWarning, stacklevel=4)
    flaws = verification.flaws(waiting) if waiting else {}
    copies = journal.copies(journal.entries(layout), base.entries if base else ())
    flaws |= {name: f"it has the number of {first.name}" for name, first in copies.items()}
    for entry in waiting if warn else ():
        if entry.name in flaws:
            warnings.warn(f"journal entry {entry.path} is skipped: {flaws[entry.name]}", StoreWarning, stacklevel=4)
    return [entry for entry in waiting if entry.name not in flaws]
