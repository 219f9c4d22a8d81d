"""Brings a damaged store back: the journal is the truth, and what it lost the newest readable snapshot still has."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import duckdb

from store import durable, journal, publication
from store.check import check
from store.errors import StoreCorrupt, StoreWarning
from store.layout import Layout
from store.lock import WriterLock
from store.merge import adopt


def repair(layout: Layout) -> Iterator[str]:
    """Publishes what waits; where that is not enough, builds the store anew.

    Damaged journal entries are moved away, and what only the newest snapshot still has is rescued. Readers see the old
    snapshot until the new one is complete.

    Args:
        layout: the store.

    Returns:
        A sentence per thing that was done, as it is done.

    Raises:
        StoreBusy: when another process writes.
        StoreNewer: when the newest snapshot is from a later version of the code.
    """
    with WriterLock(layout), warnings.catch_warnings():
        warnings.simplefilter("ignore", StoreWarning)
        snapshot = publication.publish(layout)
        if snapshot:
            yield f"{snapshot.entries} journal entries that waited were added to snapshot {snapshot.name}"
        # To the check, entries that wait are in order while somebody writes, and that is now this process.
        waits = publication.pending(layout, publication.newest(layout))
        if not waits and all(finding.holds for finding in check(layout)):
            return
        yield from _set_aside(layout)
        old = publication.newest(layout)
        if old is not None:
            yield from _rescue(layout, old.path)
        snapshot = publication.publish(layout, anew=True)
        if snapshot:
            yield f"snapshot {snapshot.name} was built anew from the journal: {snapshot.cells} cells"


def _set_aside(layout: Layout) -> Iterator[str]:
    for entry in journal.entries(layout):
        flaw = journal.deep_flaw(entry)
        if flaw:
            layout.damaged.mkdir(exist_ok=True)
            os.rename(entry.path, layout.damaged / entry.name)
            durable.sync(layout.damaged)
            durable.sync(layout.journal)
            yield f"journal entry {entry.name} is damaged and was moved to {layout.damaged}: {flaw}"


def _rescue(layout: Layout, old: Path) -> Iterator[str]:
    """Gives the journal what it lacks and a snapshot has."""
    known = durable.temporary(layout.snapshots, "known.duckdb")
    try:
        publication.fill(known, None, journal.entries(layout))
        rescued = adopt(layout, old, known, "rescued")
    except (StoreCorrupt, duckdb.Error) as error:
        yield f"the snapshot {old.name} has nothing to give that the journal lacks: {error}"
        return
    finally:
        durable.discard(known)
    if rescued.added:
        yield f"{rescued.added} cells that the journal had lost were taken from the old snapshot"
    for conflict in rescued.conflicts:
        yield f"the old snapshot did not hold what the journal says: {conflict}"
