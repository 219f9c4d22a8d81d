"""The reference grid that comes with the package: results to look things up in, before anything was computed here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from goldilocks.store.layout import Layout
from goldilocks.store.reading.completed import done_cells

# What `store export` wrote of it; `store/reference/README.md` says where it was computed, and of what it is made.
FOLDER = Path(__file__).resolve().parents[1] / "reference"


def is_known(layout: Layout) -> bool:
    """Tell whether a store has every cell of the reference grid, in its newest snapshot or in its journal.

    Args:
        layout: the store; it need not exist.
    """
    if not FOLDER.is_dir():
        return False
    done = done_cells(layout)
    return all(cell in done for cell in _cells())


def _cells() -> Iterator[str]:
    for part in sorted((FOLDER / "cells").rglob("*.parquet")):
        yield from pq.read_table(part, columns=["cell_id"], partitioning=None)["cell_id"].to_pylist()
