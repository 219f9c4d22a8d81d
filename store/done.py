"""Which cells need no computing: resuming a run is a set difference."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from store import packs, publication
from store.attach import attached
from store.errors import StoreWarning
from store.journal import Entry
from store.layout import Layout

RESULTS = ("done", "diverged")
_STATUSES = pa.schema([("cell_id", pa.string()), ("status", pa.string()), ("sequence", pa.int64())])


def done_cells(layout: Layout) -> set[str]:
    """Returns the ids of the cells that have a result.

    Args:
        layout: the store; it need not exist.

    Returns:
        Every cell_id with status `done` or `diverged`, in the newest snapshot or in a sound entry of the journal.
    """
    return packs.settled(layout.journal, lambda: _done(layout))


def _done(layout: Layout) -> set[str]:
    base = publication.newest(layout)
    try:
        status = _published(base)
    except duckdb.Error as error:
        # Not every block is read when a snapshot is opened; the journal has all of it.
        warnings.warn(f"{base and base.path} cannot be read and is passed over: {error}", StoreWarning, stacklevel=5)
        base, status = None, {}
    status.update(_read(publication.sound(layout, base)))
    return {cell_id for cell_id, value in status.items() if value in RESULTS}


def _published(base: publication.Base | None) -> dict[str, str]:
    if base is None:
        return {}
    with attached(base.path, read_only=True, own=True) as connection:
        return dict(connection.execute("SELECT cell_id, status FROM cells").fetchall())


def _read(entries: Sequence[Entry]) -> dict[str, str]:
    """Returns what journal entries say last of each cell."""
    if not any(entry.file("cells") for entry in entries):
        return {}
    said = pa.concat_tables(_statuses(entries))
    with duckdb.connect() as connection:
        connection.register("said", said)
        sql = "SELECT cell_id, arg_max(status, sequence) FROM said GROUP BY cell_id"
        return dict(connection.execute(sql).fetchall())


def _statuses(entries: Sequence[Entry]) -> Iterator[pa.Table]:
    """Yields id, status and number of entry of each cell; DuckDB takes twice as long to open as many small files."""
    chosen = pa.array([entry.number for entry in entries if entry.packed], pa.int64())
    places = {entry.path: entry for entry in entries if entry.file("cells")}
    for entry in places.values():
        more = [packs.COLUMN] if entry.packed else []
        with pq.ParquetFile(entry.path / "cells.parquet", memory_map=True) as file:
            rows = file.read(["cell_id", "status", *more], use_threads=False)
        if entry.packed:
            rows = rows.filter(pc.is_in(rows[packs.COLUMN], chosen)).rename_columns(["cell_id", "status", "sequence"])
        else:
            rows = rows.append_column("sequence", pa.array([entry.number] * rows.num_rows, pa.int64()))
        yield rows.cast(_STATUSES)
