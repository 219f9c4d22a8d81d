"""Which cells need no computing: resuming a run is a set difference."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from goldilocks.store.errors import StoreWarning
from goldilocks.store.files.attach import attached
from goldilocks.store.layout import Layout
from goldilocks.store.snapshots import predecessor
from goldilocks.store.writing import packs
from goldilocks.store.writing.journal import Entry

RESULTS = ("done", "diverged")


def done_cells(layout: Layout) -> set[str]:
    """Return the ids of the cells that have a result.

    Args:
        layout: the store; it need not exist.

    Returns:
        Every cell_id with status `done` or `diverged`, in the newest snapshot or in a sound entry of the journal.
    """
    return packs.settled(layout.journal, lambda: _done(layout))


def _done(layout: Layout) -> set[str]:
    base = predecessor.newest(layout)
    try:
        status = _published(base)
    except duckdb.Error as error:
        # Not every block is read when a snapshot is opened; the journal has all of it.
        warnings.warn(f"{base and base.path} cannot be read and is skipped: {error}", StoreWarning, stacklevel=5)
        base, status = None, {}
    status.update(_read(predecessor.sound(layout, base)))
    return {cell_id for cell_id, value in status.items() if value in RESULTS}


def _published(base: predecessor.Base | None) -> dict[str, str]:
    if base is None:
        return {}
    with attached(base.path, read_only=True, own=True) as connection:
        return dict(connection.execute("SELECT cell_id, status FROM cells").fetchall())


def _read(entries: Sequence[Entry]) -> dict[str, str]:
    """Return what journal entries say last of each cell."""
    tables = [(entry, rows) for entry in _folders(entries) if (rows := _statuses(entry)) is not None]
    if not tables:
        return {}
    statuses = pa.concat_tables([rows for _, rows in tables], promote_options="permissive")
    # A pack says itself which entry a row is of; others of its entries may be known already.
    numbers = [np.full(rows.num_rows, entry.number) for entry, rows in tables]
    chosen = pa.table({"number": [entry.number for entry in entries]})
    with duckdb.connect() as connection:
        connection.register("statuses", statuses.append_column("number", pa.array(np.concatenate(numbers))))
        connection.register("chosen", chosen)
        sequence = f"coalesce({packs.COLUMN}, number)" if packs.COLUMN in statuses.column_names else "number"
        sql = (
            f"SELECT cell_id, arg_max(status, sequence) FROM (SELECT *, {sequence} AS sequence FROM statuses) "
            "WHERE sequence IN (SELECT number FROM chosen) GROUP BY cell_id"
        )
        return dict(connection.execute(sql).fetchall())


def _folders(entries: Sequence[Entry]) -> Iterable[Entry]:
    """Return an entry of each folder."""
    return {entry.path: entry for entry in entries}.values()


def _statuses(entry: Entry) -> pa.Table | None:
    """Return id and status of each cell in a folder; DuckDB takes twice as long to open as many small files."""
    if (path := entry.file("cells")) is None:
        return None
    with pa.memory_map(str(path)) as source:
        file = pq.ParquetFile(source, pre_buffer=False)
        columns = ["cell_id", "status", *([packs.COLUMN] if entry.packed else [])]
        return file.read(columns, use_threads=False)
