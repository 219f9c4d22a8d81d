"""Cells of which two databases hold different results, and journal entries without them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goldilocks.store.exchange.conflicts import differing_cells
from goldilocks.store.exchange.source import source
from goldilocks.store.schema import tables
from goldilocks.store.writing import packs
from goldilocks.store.writing.journal import Entry

# What can differ besides cells; the metrics of columns follow from the code.
_OTHERS = ("runs", "workers", "schemes")


def disputed(here: Path, other: Path, workspace: Path) -> tuple[list[str], list[str]]:
    """Return the ids of the cells that both databases have and that differ, and the names of other tables that do.

    Args:
        here: a database of the newest schema.
        other: a database of whatever age.
        workspace: an existing folder on a disk with room for a copy.
    """
    with source(other, workspace, here, own=True) as connection:
        cells = differing_cells(connection)
        others = [name for name in _OTHERS if _differs(connection, name)]
    return cells, others


def _differs(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Tell whether rows that both databases have by their key differ."""
    key = ", ".join(tables.KEYS[name])
    columns = ", ".join(tables.schema(name).names)
    sql = (
        f"FROM (SELECT {columns} FROM {name} SEMI JOIN here.{name} AS ours USING ({key})) "
        f"EXCEPT SELECT {columns} FROM here.{name}"
    )
    return bool(connection.execute(f"SELECT 1 FROM ({sql}) LIMIT 1").fetchall())


def has(entry: Entry, cells: Collection[str]) -> bool:
    """Tell whether an entry has one of some cells."""
    file = entry.file("cells")
    if file is None:
        return False
    chosen = pa.array(sorted(cells), pa.string())
    return bool(pc.any(pc.is_in(_rows(entry, file)["cell_id"], chosen)).as_py())


def without(entry: Entry, cells: Collection[str]) -> dict[str, pa.Table]:
    """Return the tables of an entry without some cells."""
    chosen = pa.array(sorted(cells), pa.string())
    whole = {file.stem: _whole(file.stem, _rows(entry, file)) for file in entry.files()}
    return {
        name: table.filter(pc.invert(pc.is_in(table["cell_id"], chosen))) if "cell_id" in table.column_names else table
        for name, table in whole.items()
    }


def _rows(entry: Entry, file: Path) -> pa.Table:
    """Read the rows of an entry; in a pack there are others, too."""
    table = pq.read_table(file)
    if not entry.packed:
        return table
    return table.filter(pc.equal(table[packs.COLUMN], entry.number)).drop_columns([packs.COLUMN])


def _whole(name: str, table: pa.Table) -> pa.Table:
    """Give a table the columns of the present schema, NULL where it is older."""
    for field in tables.schema(name):
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table
