"""Merges stores: the results that another store has and this one lacks become journal entries of this one.

Cells have the same id wherever they are computed, so a set difference tells which are new. Of a cell that both have,
the rows of this store stay; where the other's differ, that is a conflict, which lists both runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from goldilocks.store.checks.rows import broken_invariants, invariants
from goldilocks.store.errors import StoreInvalid
from goldilocks.store.exchange.conflicts import Conflict, conflicts, differing_cells
from goldilocks.store.exchange.source import source
from goldilocks.store.layout import Layout
from goldilocks.store.schema import tables
from goldilocks.store.snapshots import predecessor, publication
from goldilocks.store.writing import journal
from goldilocks.store.writing.lock import WriterLock

# Cells per journal entry: bounds the memory that merging takes.
CELLS_PER_ENTRY = 10_000
# Cells that a refusal names.
MOST_LISTED = 20
_FINISHED = "('done', 'diverged', 'failed', 'interrupted')"


@dataclass(frozen=True)
class Merged:
    """What came of a source: cells added, cells that were already present, and those of them that differ."""

    source: Path
    added: int
    known: int
    conflicts: tuple[Conflict, ...]


def merge(layout: Layout, other: Path, label: str = "merge", *, trusted: bool = False) -> Merged:
    """Add to a store what another source has, and publish.

    Args:
        layout: the store that grows; it need not exist.
        other: a DuckDB file, or a folder made by `store export --format parquet`.
        label: what the journal entries are called.
        trusted: whether it comes with the program, which does not ask then whether the invariants hold in it.

    Returns:
        How many cells were added, and the conflicts.

    Raises:
        StoreBusy: when another process writes to the store that grows.
        StoreInvalid: when the source is not a store, has something in it that no store has, or breaks an invariant.
        StoreNewer, StoreCorrupt: when the source is newer than this code, or unreadable.
    """
    with WriterLock(layout):
        publication.publish(layout)
        base = predecessor.newest(layout)
        merged = adopt(layout, other, base.path if base else None, label, foreign=not trusted)
        publication.publish(layout)
    return merged


def adopt(
    layout: Layout,
    other: Path,
    here: Path | None,
    label: str,
    *,
    foreign: bool = False,
    newer: bool = False,
    without: Sequence[str] = (),
) -> Merged:
    """Write journal entries of what a source has and a database lacks; the holder of the writer lock publishes them.

    Args:
        layout: the store whose journal grows.
        other: as for `merge`.
        here: a database of the newest schema that says what is known, or None when nothing is.
        label: what the journal entries are called.
        foreign: whether every invariant of a store has to hold in the source before anything is taken from it.
        newer: whether the source is right where both have a cell and differ; else the database is.
        without: cells that are not taken.

    Returns:
        How many cells were added, and the conflicts.
    """
    with source(other, layout.snapshots, here, own=not foreign) as connection:
        if here is None:
            _make_tables(connection)
        if foreign:
            _refuse_broken(connection, other)
        differing = differing_cells(connection) if newer else []
        connection.execute("CREATE TEMP TABLE new AS " + _NEW, {"differing": differing, "without": list(without)})
        differences = tuple(conflicts(connection))
        added = 0
        for batch in _batches(connection):
            added += batch["cells"].num_rows if "cells" in batch else 0
            journal.append(layout, label, batch)
        known = _count(connection, "cells SEMI JOIN here.cells USING (cell_id)")
        connection.execute("DROP TABLE new")
    return Merged(other, added, known, differences)


# A result is news where there is none; a failure only where nothing is known.
_NEW = """
    SELECT there.cell_id, row_number() OVER (ORDER BY there.rowid) - 1 AS number
    FROM snapshot.cells AS there LEFT JOIN here.cells AS known USING (cell_id)
    WHERE (
        known.cell_id IS NULL OR (known.status = 'failed' AND there.status <> 'failed')
        OR list_contains($differing, there.cell_id)
    ) AND NOT list_contains($without, there.cell_id)
"""


def _refuse_broken(connection: duckdb.DuckDBPyConnection, other: Path) -> None:
    """Refuse a source in which an invariant does not hold, before anything is taken from it."""
    wrong = [cell_id for cell_id, *_ in connection.execute(invariants()["cell_identity"][1]).fetchall()]
    if wrong:
        listed = ", ".join(map(repr, wrong[:MOST_LISTED])) + (", …" if len(wrong) > MOST_LISTED else "")
        raise StoreInvalid(
            f"{other} is refused, nothing was imported: {len(wrong)} cells have an id that does not match their spec: "
            f"{listed}"
        )
    for result in broken_invariants(connection):
        raise StoreInvalid(
            f"{other} is refused, nothing was imported: it breaks {result.name} ({result.sentence} {result.detail})"
        )


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for name in tables.names():
        connection.execute(f"CREATE TABLE here.{name} AS FROM {name} LIMIT 0")


def _batches(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, pa.Table]]:
    """Yield journal entries: first what is known about runs and schemes, then cells with their results."""
    about = {
        "runs": "SELECT * FROM runs WHERE run_id NOT IN (SELECT run_id FROM here.runs) OR (status IN "
        f"{_FINISHED} AND run_id IN (SELECT run_id FROM here.runs WHERE status NOT IN {_FINISHED}))",
        "workers": "FROM workers ANTI JOIN here.workers USING (run_id, worker)",
        "schemes": "FROM schemes ANTI JOIN here.schemes USING (kind, name)",
        "metrics": "FROM metrics ANTI JOIN here.metrics USING (name) WHERE study IS NOT NULL",
        "activation_maps": "FROM activation_maps ANTI JOIN here.activation_maps USING (activation)",
    }
    rows = {name: connection.sql(sql).to_arrow_table() for name, sql in about.items()}
    if any(table.num_rows for table in rows.values()):
        yield rows
    for start in range(0, _count(connection, "new"), CELLS_PER_ENTRY):
        chosen = f"(SELECT cell_id FROM new WHERE number >= {start} AND number < {start + CELLS_PER_ENTRY})"
        yield {
            name: connection.sql(f"SELECT {written} FROM {name} WHERE cell_id IN {chosen}").to_arrow_table()
            for name in ("cells", *tables.RESULTS)
            for written in [", ".join(tables.schema(name).names)]
        }


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0]
