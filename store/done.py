"""Which cells need no computing: resuming a run is a set difference."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import duckdb

from store import publication
from store.attach import attached
from store.errors import StoreWarning
from store.ingest import SEQUENCE, files, rows
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
    status.update(_read(publication.sound(layout, base)))
    return {cell_id for cell_id, value in status.items() if value in RESULTS}


def _published(base: publication.Base | None) -> dict[str, str]:
    if base is None:
        return {}
    with attached(base.path, read_only=True, own=True) as connection:
        return dict(connection.execute("SELECT cell_id, status FROM cells").fetchall())


def _read(entries: Sequence[Entry]) -> dict[str, str]:
    """Returns what journal entries say last of each cell."""
    paths = files(entries, "cells")
    if not paths:
        return {}
    with duckdb.connect() as connection:
        sql = f"SELECT cell_id, arg_max(status, {SEQUENCE}) FROM {rows()} GROUP BY cell_id"
        return dict(connection.execute(sql, {"files": paths}).fetchall())
