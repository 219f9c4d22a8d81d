"""Brings a damaged store back: the journal is the truth, and what it lost the newest readable snapshot still has."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from store import durable, journal, publication
from store.errors import StoreCorrupt, StoreInvalid, StoreWarning
from store.layout import Layout
from store.lock import WriterLock
from store.merge import merge


def repair(layout: Layout) -> Iterator[str]:
    """Moves damaged journal entries away, builds a new snapshot from the others, and rescues what only the old one has.

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
        yield from _set_aside(layout)
        old = _kept(layout)
        try:
            snapshot = publication.publish(layout, anew=True)
            if snapshot:
                yield f"snapshot {snapshot.name} was built anew from the journal: {snapshot.cells} cells"
            if old:
                yield from _rescue(layout, old)
        finally:
            if old:
                durable.discard(old)


def _set_aside(layout: Layout) -> Iterator[str]:
    for entry in journal.entries(layout):
        flaw = journal.deep_flaw(entry)
        if flaw:
            layout.damaged.mkdir(exist_ok=True)
            os.rename(entry.path, layout.damaged / entry.name)
            durable.sync(layout.journal)
            yield f"journal entry {entry.name} is damaged and was moved to {layout.damaged}: {flaw}"


def _kept(layout: Layout) -> Path | None:
    """Returns another name of the newest readable snapshot, which publishing does not remove."""
    base = publication.newest(layout)
    if base is None:
        return None
    kept = durable.temporary(layout.snapshots, "old.duckdb")
    durable.discard(kept)
    os.link(base.path, kept)
    return kept


def _rescue(layout: Layout, old: Path) -> Iterator[str]:
    try:
        merged = merge(layout, old, "rescued")
    except (StoreCorrupt, StoreInvalid) as error:
        yield f"the old snapshot has nothing more to give: {error}"
        return
    if merged.added:
        yield f"{merged.added} cells that the journal had lost were taken from the old snapshot"
    for conflict in merged.conflicts:
        yield f"the old snapshot did not hold what the journal says: {conflict}"
