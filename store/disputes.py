"""Cells of which two databases hold different results, and journal entries without them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from store import tables
from store.attach import attach
from store.conflicts import differing_cells
from store.journal import Entry
from store.source import source


def disputed(here: Path, other: Path, workspace: Path) -> list[str]:
    """Returns the ids of the cells that both databases have and of which any value differs.

    Args:
        here: a database of the newest schema.
        other: a database of whatever age.
        workspace: an existing folder on a disk with room for a copy.
    """
    with source(other, workspace) as connection:
        connection.execute(attach(here, "here", read_only=True))
        found = differing_cells(connection)
        connection.execute("DETACH here")
    return found


def without(entry: Entry, cells: Collection[str]) -> dict[str, pa.Table] | None:
    """Returns the tables of an entry without some cells, or None when it has none of them."""
    file = entry.file("cells")
    if file is None:
        return None
    chosen = pa.array(sorted(cells), pa.string())
    if not pc.any(pc.is_in(pq.read_table(file, columns=["cell_id"])["cell_id"], chosen)).as_py():
        return None
    found = {file.stem: _whole(file) for file in entry.files()}
    return {
        name: table.filter(pc.invert(pc.is_in(table["cell_id"], chosen))) if "cell_id" in table.column_names else table
        for name, table in found.items()
    }


def _whole(file: Path) -> pa.Table:
    """Reads a file with the columns of the present schema, NULL where it is older."""
    table, wanted = pq.read_table(file), tables.schema(file.stem)
    for field in wanted:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table
