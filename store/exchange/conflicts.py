"""Cells that two stores hold with different results, by the pair of runs that computed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from goldilocks.store.fingerprint import fingerprint
from goldilocks.store.schema import tables

_PROVENANCE = ("run_id", "host", "device_name", "torch_version", "code_version", "started_at")


@dataclass(frozen=True)
class Conflict:
    """Cells that differ: how many, one of them, the largest relative difference, and the run on each side."""

    cells: int
    example: str
    largest: float
    here: str
    there: str

    def __str__(self) -> str:
        return (
            f"{self.cells} cells differ, relatively by up to {self.largest:.2g}, for example {self.example}:\n"
            f"  kept       {self.here}\n  discarded  {self.there}"
        )


def conflicts(connection: duckdb.DuckDBPyConnection) -> Iterator[Conflict]:
    """Yield the conflicts between the current database and the attached database `here`.

    Args:
        connection: a connection with both, each with the newest schema.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE shared AS SELECT cell_id FROM cells JOIN here.cells AS ours USING (cell_id) "
        "WHERE cells.status <> 'failed' AND ours.status <> 'failed'"
    )
    differing = " UNION ".join(
        _differing(connection, name, tables.INCIDENTAL.get(name, ())) for name in ("cells", *tables.RESULTS)
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE differing AS {differing}")
    rows = connection.execute(
        "SELECT ours.run_id, theirs.run_id, count(*), min(cell_id), list(cell_id) FROM differing "
        "JOIN here.cells AS ours USING (cell_id) JOIN cells AS theirs USING (cell_id) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for ours, theirs, count, example, cells in rows:
        largest = max(_largest(connection, name, cells) for name in tables.RESULTS)
        yield Conflict(count, example, largest, _run(connection, "here.", ours), _run(connection, "", theirs))
    connection.execute("DROP TABLE differing")
    connection.execute("DROP TABLE shared")


def differing_cells(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the ids of the cells that both databases have and of which anything at all differs.

    Args:
        connection: as for `conflicts`.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE shared AS SELECT cell_id FROM cells SEMI JOIN here.cells USING (cell_id)"
    )
    differing = " UNION ".join(_differing(connection, name) for name in ("cells", *tables.RESULTS))
    rows = connection.execute(f"SELECT cell_id FROM ({differing}) ORDER BY cell_id").fetchall()
    connection.execute("DROP TABLE shared")
    return [cell_id for (cell_id,) in rows]


def _differing(connection: duckdb.DuckDBPyConnection, name: str, but: Sequence[str] = ()) -> str:
    """Return SQL for the ids of the cells whose rows in a table are not the same on both sides."""
    columns = [column for column in _columns(connection, name) if column not in but]
    sides = (
        f"(SELECT cell_id, {fingerprint(columns)} FROM {side}{name} SEMI JOIN shared USING (cell_id) GROUP BY cell_id)"
        for side in ("", "here.")
    )
    theirs, ours = sides
    return (
        f"SELECT cell_id FROM {theirs} AS theirs FULL JOIN {ours} AS ours USING (cell_id) WHERE "
        "(theirs.row_count, theirs.hash_sum) IS DISTINCT FROM (ours.row_count, ours.hash_sum)"
    )


def _largest(connection: duckdb.DuckDBPyConnection, name: str, cells: list[str]) -> float:
    """Return the largest relative difference between finite numbers of one table; infinity where a row is missing."""
    columns = _columns(connection, name)
    keys = [column for column in tables.ROW_KEYS[name] if column in columns]
    matched = " AND ".join(f"ours.{key} IS NOT DISTINCT FROM theirs.{key}" for key in keys)
    measured = [column for column, kind in columns.items() if kind in ("FLOAT", "DOUBLE") and column not in keys]
    # Where nothing is measured, a row that lacks counts alone.
    parts = ", ".join([_relative(f"ours.{column}", f"theirs.{column}") for column in measured] or [_lacking("cell_id")])
    row = connection.execute(
        f"SELECT max(greatest({parts})) FROM (FROM {name} WHERE cell_id IN (SELECT unnest($cells))) AS theirs "
        f"FULL JOIN (FROM here.{name} WHERE cell_id IN (SELECT unnest($cells))) AS ours ON {matched}",
        {"cells": cells},
    ).fetchall()[0]
    return 0.0 if row[0] is None else float(row[0])


def _relative(a: str, b: str) -> str:
    return (
        f"CASE WHEN {a} IS NOT DISTINCT FROM {b} THEN 0 WHEN isfinite({a}) AND isfinite({b}) "
        f"THEN abs({a}::DOUBLE - {b}) / greatest(abs({a}::DOUBLE), abs({b}::DOUBLE)) ELSE 'inf'::DOUBLE END"
    )


def _lacking(column: str) -> str:
    return f"CASE WHEN ours.{column} IS NULL OR theirs.{column} IS NULL THEN 'inf'::DOUBLE ELSE 0.0 END"


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    return dict(
        connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = current_database() AND table_name = ? ORDER BY column_index",
            [name],
        ).fetchall()
    )


def _run(connection: duckdb.DuckDBPyConnection, side: str, run_id: str) -> str:
    columns = ", ".join(_PROVENANCE)
    rows = connection.execute(f"SELECT {columns} FROM {side}runs WHERE run_id = ?", [run_id]).fetchall()
    return ", ".join(
        f"{name} {value}" for name, value in zip(_PROVENANCE, rows[0] if rows else (run_id,), strict=False)
    )
