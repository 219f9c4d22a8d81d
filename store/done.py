"""Which cells need no computing: resuming a run is a set difference."""

from __future__ import annotations

import warnings

import duckdb
import pyarrow.parquet as pq

from store import journal, publication
from store.attach import attached
from store.errors import StoreWarning
from store.journal import Entry
from store.layout import Layout

RESULTS = ("done", "diverged")


def done_cells(layout: Layout) -> set[str]:
    """Returns the ids of the cells that have a result.

    Args:
        layout: the store; it need not exist.

    Returns:
        Every cell_id with status `done` or `diverged`, in the newest snapshot or in a sound entry of the journal.
    """
    base = publication.newest(layout)
    try:
        status = _published(base)
    except duckdb.Error as error:
        # Not every block is read when a snapshot is opened; the journal has all of it.
        warnings.warn(f"{base and base.path} cannot be read and is passed over: {error}", StoreWarning, stacklevel=2)
        base, status = None, {}
    for entry in publication.pending(layout, base):
        status.update(_read(entry))
    return {cell_id for cell_id, value in status.items() if value in RESULTS}


def _published(base: publication.Base | None) -> dict[str, str]:
    if base is None:
        return {}
    with attached(base.path, read_only=True) as connection:
        return dict(connection.execute("SELECT cell_id, status FROM cells").fetchall())


def _read(entry: Entry) -> list[tuple[str, str]]:
    file = entry.file("cells")
    # Of a damaged entry nothing can be published, so its cells have to be computed again.
    if file is None or journal.deep_flaw(entry):
        return []
    table = pq.read_table(file, columns=["cell_id", "status"])
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
