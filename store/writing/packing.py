"""Puts many small journal entries together, so that reading them takes as long as their rows and not as their files.

An entry leaves its folder when its rows are in a pack that was written aside, read again, compared, synced and renamed.
Whoever is killed in between leaves both: the pack counts, and the next writer removes the folders.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from goldilocks.store.errors import StoreWarning
from goldilocks.store.files import digests, durable
from goldilocks.store.files.aside import set_aside
from goldilocks.store.files.digests import Digests, DigestsDamaged
from goldilocks.store.fingerprint import fingerprint
from goldilocks.store.layout import Layout
from goldilocks.store.schema import tables
from goldilocks.store.writing import journal, packs, verification
from goldilocks.store.writing.journal import Entry

# Fewer small entries than this are left as they are: reading them takes about as long as publishing.
LEAST = 200
# Of one pack: entries, and bytes of their files; together they bound the memory that packing takes.
MOST_ENTRIES = 1000
MOST_BYTES = 1 << 25
# An entry with larger files is not small.
SMALL_BYTES = 1 << 16
_THREADS = min(8, os.cpu_count() or 1)

Tables = dict[str, pa.Table]


def pack(layout: Layout) -> int:
    """Pack the small entries of a journal when there are many. Only for the holder of the writer lock.

    What is not as it was written, or has the number of another entry, is left where it is.

    Args:
        layout: the store.

    Returns:
        How many entries were packed.
    """
    _finish(layout)
    entries = journal.entries(layout)
    copies = journal.copies(entries)
    single = [entry for entry in entries if not entry.packed and entry.name not in copies]
    if len(single) < LEAST:
        return 0
    packed = 0
    try:
        for some in _portions([(entry, size) for entry in single if 0 < (size := _size(entry)) <= SMALL_BYTES]):
            packed += _pack(layout, some)
    except (OSError, duckdb.Error, pa.ArrowException):
        # The entries are where they were. Whoever publishes next says what is wrong with the disk.
        return packed
    return packed


def _portions(sizes: Sequence[tuple[Entry, int]]) -> Iterator[list[Entry]]:
    some: list[Entry] = []
    total = 0
    for entry, size in sizes:
        if len(some) >= MOST_ENTRIES or total + size > MOST_BYTES:
            yield some
            some, total = [], 0
        some.append(entry)
        total += size
    if len(some) >= LEAST:
        yield some


def _size(entry: Entry) -> int:
    try:
        return sum(file.stat().st_size for file in entry.files())
    except OSError:
        return 0


def _pack(layout: Layout, entries: Sequence[Entry]) -> int:
    with ThreadPoolExecutor(_THREADS) as pool:
        contents = zip(entries, pool.map(_read, entries), strict=True)
        read = [(entry, *content) for entry, content in contents if content is not None]
    if len(read) < LEAST:
        return 0
    final = layout.journal / packs.name(read[0][0].number, read[-1][0].number)
    unfinished = durable.temporary(layout.journal, final.name)
    try:
        _write(unfinished, {entry.name: digest for entry, digest, _ in read}, _combined(read))
        durable.commit(unfinished, final)
    except BaseException:
        durable.discard(unfinished)
        raise
    _remove(layout, [entry for entry, *_ in read])
    return len(read)


def _read(entry: Entry) -> tuple[str, Tables] | None:
    """Return the digest and the tables of an entry, or None when it is not as it was written.

    What is compared with the digests is what is packed, not what a second reading would give.
    """
    contents = {}
    try:
        listed = digests.read(entry.path / digests.NAME)
        if listed is None or {file.name for file in entry.path.iterdir()} != {*listed.files, digests.NAME}:
            return None
        for name, digest in listed.files.items():
            content = (entry.path / name).read_bytes() if entry.file(Path(name).stem) else b""
            if digests.of_bytes(content) != digest:
                return None
            contents[Path(name).stem] = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    except (OSError, DigestsDamaged, pa.ArrowException):
        return None
    known = all(set(table.column_names) <= set(tables.schema(name).names) for name, table in contents.items())
    return (listed.total, contents) if known and contents else None


def _combined(read: Sequence[tuple[Entry, str, Tables]]) -> Tables:
    """Return the rows of all entries, each with the number of its entry."""
    combined = {}
    for name in tables.names():
        of_name = [(entry.number, contents[name]) for entry, _, contents in read if name in contents]
        if not of_name:
            continue
        rows = pa.concat_tables([table for _, table in of_name], promote_options="permissive").combine_chunks()
        numbers = [number for number, table in of_name for _ in range(table.num_rows)]
        combined[name] = rows.append_column(packs.COLUMN, pa.array(numbers, pa.int64()))
    return combined


def _write(folder: Path, members: dict[str, str], combined: Tables) -> None:
    durable.discard(folder)
    folder.mkdir()
    for name, table in combined.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    (folder / packs.LIST).write_text(Digests(members).text())
    names = [packs.LIST, *(f"{name}.parquet" for name in combined)]
    written = Digests({name: digests.of(folder / name) for name in names}, journal.schema_note())
    (folder / digests.NAME).write_text(written.text())
    _refuse_different(folder, combined)


def _refuse_different(folder: Path, combined: Tables) -> None:
    """Compare what can be read from a pack with what was to be written: the entries themselves are about to go."""
    with duckdb.connect() as connection:
        for name, table in combined.items():
            sums = f"SELECT {fingerprint(table.column_names)} FROM "
            connection.register("meant", table)
            meant = connection.execute(f"{sums} meant").fetchall()
            written = connection.execute(f"{sums} read_parquet($file)", {"file": str(folder / f"{name}.parquet")})
            if written.fetchall() != meant:
                raise OSError(f"{folder / name}.parquet does not hold what was written to it")


def _finish(layout: Layout) -> None:
    """Remove the folders of entries that are in a pack, where whoever packed them was killed."""
    for folder in packs.folders(layout.journal):
        left = [path for name in packs.members(folder) if (path := layout.journal / name).is_dir()]
        if not left:
            continue
        flaw = verification.pack_flaw(folder)
        if flaw:
            kept = set_aside(layout, folder)
            warnings.warn(f"{folder.name} is damaged and was moved to {kept}: {flaw}", StoreWarning, stacklevel=4)
        else:
            _remove(layout, [Entry(path, 0) for path in left])


def _remove(layout: Layout, entries: Sequence[Entry]) -> None:
    """Remove entries that are in a pack, each of them at once: a sweep removes what is left of it."""
    gone = []
    for entry in entries:
        aside = durable.temporary(layout.journal, entry.name)
        durable.discard(aside)
        os.rename(entry.path, aside)
        gone.append(aside)
    durable.sync(layout.journal)
    for folder in gone:
        durable.discard(folder)
