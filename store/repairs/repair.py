"""Brings a damaged store back to what its digests prove.

A journal entry or a snapshot that is as it was written is right. What an entry lost, an intact snapshot still has.
Where journal and snapshot disagree and no digest tells which is right, neither is believed: the cells in question are
set aside, to be computed again.
"""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from goldilocks.store.checks.check import check
from goldilocks.store.errors import StoreCorrupt, StoreWarning
from goldilocks.store.exchange.merge import adopt
from goldilocks.store.files import digests, durable
from goldilocks.store.files.aside import keep_copy, set_aside
from goldilocks.store.files.attach import attached
from goldilocks.store.layout import Layout, command
from goldilocks.store.repairs import disputes
from goldilocks.store.snapshots import predecessor, publication, seal
from goldilocks.store.snapshots.predecessor import Base
from goldilocks.store.writing import journal, packs, verification
from goldilocks.store.writing.journal import Entry
from goldilocks.store.writing.lock import WriterLock


def repair(layout: Layout, *, rebuild: bool = False) -> Iterator[str]:
    """Publish what waits; where that is not enough, build the store anew.

    Damaged journal entries are moved away, and what an intact snapshot still has of them is rescued. Readers see the
    old snapshot until the new one is complete. Nothing is deleted: what is not believed lies in the folder `damaged`.

    Args:
        layout: the store.
        rebuild: whether to make the new snapshot of the journal alone, whatever the snapshots hold.

    Returns:
        A sentence per thing that was done, as it is done.

    Raises:
        StoreBusy: when another process writes, or has a snapshot open for writing.
        StoreNewer: when the newest snapshot is from a later version of the code.
    """
    with WriterLock(layout), warnings.catch_warnings():
        warnings.simplefilter("ignore", StoreWarning)
        _refuse_held(layout)
        yield from _without_copies(layout)
        if not rebuild:
            yield from _publish(layout)
            # To the check, entries that wait are in order while somebody writes, and that is now this process.
            waits = predecessor.pending(layout, predecessor.newest(layout))
            if not waits and all(result.holds for result in check(layout)):
                return
        base = predecessor.newest(layout)
        yield from _set_aside_damaged(layout, base)
        if base is not None and not rebuild:
            yield from _rescue(layout, base) if base.sealed else _settle(layout, base)
        snapshot = publication.publish(layout, anew=True)
        if snapshot:
            yield f"snapshot {snapshot.name} was rebuilt from the journal: {snapshot.cells} cells"
        yield from _set_aside_changed(layout)


def _refuse_held(layout: Layout) -> None:
    for number in layout.snapshot_numbers():
        try:
            with attached(layout.snapshot_file(number), read_only=True, own=True):
                pass
        except (duckdb.Error, OSError):
            # StoreBusy is neither; whatever else is wrong with it is about to be repaired.
            continue


def _publish(layout: Layout) -> Iterator[str]:
    try:
        snapshot = publication.publish(layout)
    except StoreCorrupt as error:
        yield f"nothing could be added to the newest snapshot: {error}"
        return
    if snapshot:
        yield f"{snapshot.entries} unpublished journal entries were added to snapshot {snapshot.name}"


def _without_copies(layout: Layout) -> Iterator[str]:
    """Take what a conflicted copy has of its own, and move the copy away."""
    base = predecessor.newest(layout)
    known = journal.copies(journal.entries(layout), base.entries if base else ())
    copies = [entry for entry in journal.entries(layout) if entry.name in known]
    for entry in copies:
        first = known[entry.name]
        same = len({one.digest for one in verification.examine([entry, first])}) == 1
        flawed = entry.name in verification.flaws([entry])
        moved = Entry(set_aside(layout, entry.path), entry.number)
        what = "the same as" if same else "damaged; it has the number of" if flawed else "another with the number of"
        yield f"journal entry {entry.name} is {what} {first.name}, and was moved to {layout.damaged}"
        if not same and not flawed:
            yield from _adopted(layout, [moved], f"of {entry.name}")


def _adopted(layout: Layout, entries: Sequence[Entry], whose: str) -> Iterator[str]:
    """Give the journal the cells of entries outside of it that no entry of it has."""
    with _scratch(layout, "known.duckdb") as known, _scratch(layout, "other.duckdb") as other:
        publication.fill(known, None, predecessor.sound(layout, None))
        publication.fill(other, None, entries)
        taken = adopt(layout, other, known, "rescued")
    yield f"{taken.added} cells {whose} that the journal lacks were added, {taken.known} were already present"
    for conflict in taken.conflicts:
        yield f"they differ: {conflict}"


def _set_aside_damaged(layout: Layout, base: Base | None) -> Iterator[str]:
    recorded = base.entries if base is not None and base.sealed else {}
    entries = journal.entries(layout)
    flaws = verification.flaws(entries, recorded)
    for path in {entry.path: None for entry in entries if entry.name in flaws}:
        inside = [entry for entry in entries if entry.path == path]
        flaw = next(flaws[entry.name] for entry in inside if entry.name in flaws)
        set_aside(layout, path)
        yield f"{_called(inside)} damaged and was moved to {layout.damaged}: {flaw}"
    for folder in list(packs.unreadable(layout.journal)):
        set_aside(layout, folder)
        yield f"{folder.name} was moved to {layout.damaged}: its list {packs.LIST} is missing or damaged"
    for one in verification.examine([entry for entry in entries if entry.name not in flaws], recorded):
        if one.known and not one.listed:
            verification.write_list(layout, one.entry)
            yield f"journal entry {one.entry.name} matches what the snapshot recorded: {digests.NAME} was written again"


def _called(entries: Sequence[Entry]) -> str:
    """Say which entries lie in one folder."""
    first = entries[0]
    if not first.packed:
        return f"journal entry {first.name} is"
    return f"{first.path.name}, with {len(entries)} journal entries from {first.name} on, is"


def _rescue(layout: Layout, base: Base) -> Iterator[str]:
    """Give the journal what an intact snapshot has and it lacks or tells otherwise."""
    if not seal.intact(base.path, thorough=True):
        yield f"{base.path} has changed since it was published: nothing was recovered from it"
        return
    with _scratch(layout, "known.duckdb") as known:
        entries = predecessor.sound(layout, None)
        publication.fill(known, None, [entry for entry in entries if entry.name in base.entries])
        try:
            rescued = adopt(layout, base.path, known, "rescued", newer=True)
        except (StoreCorrupt, duckdb.Error) as error:
            yield f"the snapshot {base.path.name} has nothing that could be recovered: {error}"
            return
    if rescued.added:
        yield f"{rescued.added} cells that the journal had lost were recovered from the snapshot {base.path.name}"


def _settle(layout: Layout, base: Base) -> Iterator[str]:
    """Compare the journal with a snapshot of which no digest says that it is right, and believe what both say."""
    entries = predecessor.sound(layout, None)
    with _scratch(layout, "known.duckdb") as known:
        publication.fill(known, None, [entry for entry in entries if entry.name in base.entries])
        cells, others = disputes.disputed(known, base.path, layout.snapshots)
        if others:
            kept = keep_copy(layout, base.path)
            yield (
                f"journal and snapshot disagree on {', '.join(others)}, and no digest shows which is right: the rows "
                f"of the journal were kept, and the snapshot was copied to {kept}"
            )
        if cells:
            yield from _set_aside_disputed(layout, base, entries, cells)
        rescued = adopt(layout, base.path, known, "rescued", without=cells)
    if rescued.added:
        yield f"{rescued.added} cells that only the snapshot {base.path.name} has were recovered from it"


def _set_aside_disputed(layout: Layout, base: Base, entries: Sequence[Entry], cells: Sequence[str]) -> Iterator[str]:
    for path in {entry.path: None for entry in entries}:
        inside = [entry for entry in entries if entry.path == path]
        if not any(disputes.has(entry, cells) for entry in inside):
            continue
        for entry in inside:
            rest = disputes.without(entry, cells)
            if any(table.num_rows for table in rest.values()):
                journal.append(layout, "undisputed", rest)
        set_aside(layout, path)
    kept = keep_copy(layout, base.path)
    first = cells[:5]
    some = f", the first {len(first)} of them," if len(cells) > len(first) else ""
    yield (
        f"journal and snapshot disagree on {len(cells)} cells, and no digest shows which is right: they were set "
        f"aside, and `goldilocks run` of their grid computes them again. {command('verify ' + ' '.join(first), kept)} "
        f"computes them{some} and shows whether the snapshot was right"
    )


def _set_aside_changed(layout: Layout) -> Iterator[str]:
    for number in layout.snapshot_numbers():
        file = layout.snapshot_file(number)
        if seal.intact(file, thorough=True) is False:
            kept = set_aside(layout, file)
            durable.discard(seal.digest_file(file))
            verify = command("verify --sample 10", kept)
            take = command(f"store merge {shlex.quote(str(kept))}", layout.path)
            yield (
                f"snapshot {file.name} has changed since it was published and was moved to {kept}: what only it has "
                f"can be verified ({verify}) and added without proof ({take})"
            )


@contextmanager
def _scratch(layout: Layout, name: str) -> Iterator[Path]:
    file = durable.temporary(layout.snapshots, name)
    try:
        yield file
    finally:
        durable.discard(file)
