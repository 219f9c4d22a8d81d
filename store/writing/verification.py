"""Whether journal entries are as they were written: the digest of every file, compared with the list beside it.

The list may be missing (the entry is of an earlier version) or damaged. Then the digest that a snapshot recorded when
it took the entry in says what the entry was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from goldilocks.store.files import digests, durable
from goldilocks.store.files.digests import Digests, DigestsDamaged
from goldilocks.store.layout import Layout
from goldilocks.store.writing import journal, packs
from goldilocks.store.writing.journal import Entry

_THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class Examined:
    """What the digests of an entry say.

    Attributes:
        entry: the entry.
        digest: that of all its files together.
        known: whether a list or a snapshot says what it must be.
        listed: whether the list beside it is there and right.
        flaw: a sentence; empty when nothing is wrong.
        note: what the list says beside the digests.
    """

    entry: Entry
    digest: str
    known: bool
    listed: bool
    flaw: str = ""
    note: str = ""


def examine(entries: Iterable[Entry], recorded: Mapping[str, str | None] | None = None) -> list[Examined]:
    """Read every file of entries and compare its digest.

    Args:
        entries: the entries.
        recorded: the digests that an intact snapshot has of entries, by their names.
    """
    before, some = recorded or {}, list(entries)
    with ThreadPoolExecutor(_THREADS) as pool:
        broken = _packs(some, pool)
        return list(pool.map(lambda entry: _examine(entry, before.get(entry.name), broken), some))


def flaws(entries: Sequence[Entry], recorded: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return for the name of each entry that cannot be ingested a sentence that says why."""
    before = recorded or {}
    with ThreadPoolExecutor(_THREADS) as pool:
        broken = _packs(entries, pool)
        sentences = pool.map(lambda entry: _flaw(entry, before.get(entry.name), broken), entries)
        return {entry.name: flaw for entry, flaw in zip(entries, sentences, strict=True) if flaw}


def pack_flaw(folder: Path) -> str:
    """Return why nothing in a pack can be believed; empty when all of it is as it was written."""
    examined = _examine(Entry(folder, 0), None, {})
    if not examined.listed and not examined.flaw:
        return f"{digests.NAME} is missing"
    return examined.flaw or ("" if examined.note == journal.schema_note() else journal.flaw(Entry(folder, 0)) or "")


def _packs(entries: Iterable[Entry], pool: ThreadPoolExecutor) -> dict[Path, str]:
    """Return for each pack in which entries are why it cannot be believed."""
    folders = list({entry.path: None for entry in entries if entry.packed})
    return dict(zip(folders, pool.map(pack_flaw, folders), strict=True))


def digests_of(entries: Sequence[Entry]) -> list[str]:
    """Return the digest of each entry as its list has it; read the files only where there is no list."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(_digest, entries))


def write_list(layout: Layout, entry: Entry) -> None:
    """Write the list of digests of an entry, in place of a damaged one. Only for the holder of the writer lock."""
    unfinished = durable.temporary(layout.journal, f"{entry.name}-{digests.NAME}")
    unfinished.write_text(Digests(_actual(entry).files, journal.schema_note()).text())
    durable.commit(unfinished, entry.path / digests.NAME)


def _examine(entry: Entry, recorded: str | None, broken: Mapping[Path, str]) -> Examined:
    if entry.packed:
        other = "its files were not those that the snapshot took in" if recorded not in (None, entry.digest) else ""
        flaw = f"{entry.path.name}: {broken[entry.path]}" if broken[entry.path] else other
        return Examined(entry, entry.digest, True, True, flaw, journal.schema_note())
    try:
        actual = _actual(entry)
    except OSError as error:
        return Examined(entry, "", True, False, f"{error.filename} cannot be read: {error.strerror}")
    damaged = ""
    try:
        written = digests.read(entry.path / digests.NAME)
    except DigestsDamaged as error:
        written, damaged = None, str(error)
    listed = written is not None and written.total == actual.total
    if recorded:
        difference = _difference(written, actual) if written else ""
        flaw = "" if recorded == actual.total else difference or "its files are not those that the snapshot took in"
    elif written is None:
        flaw = damaged
    else:
        flaw = _difference(written, actual)
    known = bool(recorded or written or damaged)
    return Examined(entry, actual.total, known, listed, flaw, written.note if written else "")


def _flaw(entry: Entry, recorded: str | None, broken: Mapping[Path, str]) -> str | None:
    examined = _examine(entry, recorded, broken)
    if examined.flaw or (examined.listed and examined.note == journal.schema_note()):
        return examined.flaw
    # What nothing is known of has to be read to the end.
    return journal.flaw(entry) if examined.known else journal.deep_flaw(entry)


def _difference(written: Digests, actual: Digests) -> str:
    for name in sorted(written.files.keys() | actual.files.keys()):
        if name not in actual.files:
            return f"{name} is missing"
        if name not in written.files:
            return f"{name} was not written with it"
        if actual.files[name] != written.files[name]:
            return f"{name} is not as it was written"
    return ""


def _digest(entry: Entry) -> str:
    if entry.packed:
        return entry.digest
    try:
        written = digests.read(entry.path / digests.NAME)
    except DigestsDamaged:
        written = None
    return (written or _actual(entry)).total


def _actual(entry: Entry) -> Digests:
    members = entry.path / packs.LIST
    files = [*entry.files(), *([members] if members.exists() else [])]
    return Digests({file.name: digests.of(file) for file in files})
