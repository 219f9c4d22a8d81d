"""Finished batches as folders of Parquet files: a fact is a folder that exists.

An entry is written aside, synced and renamed, so that a killed process leaves either the whole of it or nothing. The
digests of its files lie beside them, so that what is read is known to be what was written (see `verification`). The
journal is kept for ever, and a snapshot is a pure function of it. Entries are numbered, hence ordered without a clock.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goldilocks.store.errors import StoreInvalid
from goldilocks.store.files import digests, durable
from goldilocks.store.files.digests import Digests
from goldilocks.store.layout import Layout
from goldilocks.store.schema import migrate, tables
from goldilocks.store.writing import numbers, packs

_FILES = frozenset(f"{name}.parquet" for name in tables.names())
_guard = threading.Lock()


@dataclass(frozen=True)
class Entry:
    """A finished batch.

    Attributes:
        path: its folder, or that of the pack that it is in.
        number: its place in the order of writing.
        packed: its name when it is in a pack; the folder then has others, too.
        digest: that of its files before they were packed.
    """

    path: Path
    number: int
    packed: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The name under which it was written."""
        return self.packed or self.path.name

    def file(self, table: str) -> Path | None:
        """Return the Parquet file of a table, or None when the entry has none."""
        file = self.path / f"{table}.parquet"
        # A link could lead to anything.
        return file if file.exists() and not file.is_symlink() else None

    def files(self) -> list[Path]:
        """Return its Parquet files."""
        return [self.path / name for name in sorted(os.listdir(self.path)) if name in _FILES]


def entries(layout: Layout) -> list[Entry]:
    """Return the entries of the journal in the order in which they were written."""
    if not layout.journal.is_dir():
        return []
    # Packs first: whoever packs removes folders only when the pack is there.
    by_name = {
        name: Entry(folder, int(name.split("-", 1)[0]), name, digest)
        for folder in packs.folders(layout.journal)
        for name, digest in packs.members(folder).items()
    }
    for path in layout.journal.iterdir():
        match = packs.ENTRY.fullmatch(path.name)
        if match and path.name not in by_name and not path.is_symlink():
            by_name[path.name] = Entry(path, int(match[1]))
    return sorted(by_name.values(), key=lambda entry: entry.number)


def append(layout: Layout, label: str, batch: dict[str, pa.Table]) -> Path:
    """Commit a finished batch. Only the holder of the writer lock may call it.

    Args:
        layout: the store.
        label: what the entry is called after its number; other characters than letters, digits, `.`, `_` become `-`.
        batch: tables by name (see `store.tables`); empty ones are left out.

    Returns:
        The folder of the entry.

    Raises:
        StoreInvalid: when a table does not fit its schema, a cell occurs twice, or a result has no cell in the batch.
    """
    with numbered(layout, label) as final:
        unfinished = durable.temporary(layout.journal, final.name)
        try:
            write(unfinished, batch)
            durable.commit(unfinished, final)
        except BaseException:
            durable.discard(unfinished)
            raise
    return final


@contextmanager
def numbered(layout: Layout, label: str) -> Iterator[Path]:
    """Give the path of the next entry, and no other thread that path meanwhile.

    Args:
        layout: the store.
        label: as for `append`.
    """
    layout.journal.mkdir(parents=True, exist_ok=True)
    with _guard:
        name = re.sub(r"[^A-Za-z0-9._]+", "-", label).strip("-") or "batch"
        yield layout.journal / f"{_next_number(layout):06d}-{name}"


def write(folder: Path, batch: dict[str, pa.Table]) -> None:
    """Write the files of an entry into a new folder; what is there is replaced.

    Args:
        folder: where to.
        batch: as for `append`.

    Raises:
        StoreInvalid: as `append`; nothing is then written.
    """
    conformed = {name: tables.conform(name, table) for name, table in batch.items()}
    conformed = {name: table for name, table in conformed.items() if table.num_rows}
    _validate(conformed)
    durable.discard(folder)
    folder.mkdir()
    for name, table in conformed.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    written = Digests({f"{name}.parquet": digests.of(folder / f"{name}.parquet") for name in conformed}, schema_note())
    (folder / digests.NAME).write_text(written.text())


def schema_note() -> str:
    """Return what a list of digests says of the columns: with this note, they are those that this code knows."""
    return f"schema step {migrate.steps()[-1].number}"


def flaw(entry: Entry) -> str | None:
    """Tell from the ends of its files, without reading all of them, why an entry cannot be ingested.

    Args:
        entry: the entry.

    Returns:
        A sentence, or None when nothing is wrong.
    """
    links = [file.name for file in sorted(entry.path.iterdir()) if file.is_symlink()] if entry.path.is_dir() else []
    if links:
        return f"{links[0]} is a symbolic link, hence no part of it"
    files = [(name, file) for name in tables.names() if (file := entry.file(name))]
    own = {packs.COLUMN} if packs.NAME.fullmatch(entry.path.name) else set()
    if not files:
        return "it has no table"
    for name, file in files:
        try:
            unknown = set(pq.read_schema(file).names) - {*tables.schema(name).names, *own}
        except (OSError, pa.ArrowException) as error:
            return f"{file.name} cannot be read: {error}"
        if unknown:
            return f"{file.name} has columns this version of Goldilocks does not know: {', '.join(sorted(unknown))}"
    return None


def deep_flaw(entry: Entry) -> str | None:
    """Tell, reading all of it, why an entry cannot be ingested; None when nothing is wrong."""
    shallow = flaw(entry)
    if shallow:
        return shallow
    for file in entry.files():
        try:
            pq.read_table(file)
        except (OSError, pa.ArrowException) as error:
            return f"{file.name} cannot be read: {error}"
    return None


def copies(entries: Sequence[Entry], known: Collection[str] = ()) -> dict[str, Entry]:
    """Find entries that have the number of another one, such as the conflicted copies of a program that syncs folders.

    Args:
        entries: the entries.
        known: the names of those that a snapshot took in: they were there first.

    Returns:
        For the name of each copy, the entry whose number it has.
    """
    first: dict[int, Entry] = {}
    for entry in sorted(entries, key=lambda one: (not one.packed, one.name not in known, len(one.name), one.name)):
        first.setdefault(entry.number, entry)
    return {entry.name: first[entry.number] for entry in entries if first[entry.number] != entry}


def _next_number(layout: Layout) -> int:
    """Return a number that no entry ever had: those that were set aside, or that only a snapshot knows, included."""
    folders = [*layout.journal.iterdir(), *(layout.damaged.iterdir() if layout.damaged.is_dir() else ())]
    numbered = (int(match[1]) for folder in folders if (match := packs.ENTRY.fullmatch(folder.name)))
    packed = (int(match[2]) for folder in folders if (match := packs.NAME.fullmatch(folder.name)))
    return max((*numbered, *packed, numbers.largest_published(layout))) + 1


def _validate(batch: dict[str, pa.Table]) -> None:
    if not batch:
        raise StoreInvalid("a journal entry needs at least one table with at least one row")
    ids = batch["cells"]["cell_id"] if "cells" in batch else pa.chunked_array([], pa.string())
    if len(ids) != len(pc.unique(ids)):
        raise StoreInvalid("a cell_id occurs twice in one journal entry")
    for name in tables.RESULTS:
        if name in batch and not pc.all(pc.is_in(batch[name]["cell_id"], ids.combine_chunks())).as_py():
            raise StoreInvalid(f"table {name} has a cell_id that the cells of the same journal entry lack")
    for spec in batch["cells"]["spec"].to_pylist() if "cells" in batch else ():
        try:
            json.loads(spec)
        except ValueError as error:
            raise StoreInvalid(f"cells.spec is not JSON ({error}): {spec[:200]}") from None
