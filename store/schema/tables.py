"""The contract between the engine and the store: which tables a finished batch consists of, and their columns.

The SQL of the schema is the only source: these Arrow schemas are read off an empty database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from goldilocks.store.errors import StoreInvalid
from goldilocks.store.schema.study_axes import MAPS

RESULTS = (
    *("layers", "layer_histograms", "curves", "measurements"),
    *("diagnoses", "sites", "taps", "parameters", "findings"),
)
# What is known beside cells: of runs, and of what the engine has by name.
ABOUT = ("runs", "workers", "schemes", "metrics", "activation_maps")
NAMES = (*ABOUT, "cells", *RESULTS)
# What tells the rows of one cell apart.
ROW_KEYS = {
    "layers": ("cell_id", "layer"),
    "layer_histograms": ("cell_id", "layer", "tap"),
    "curves": ("cell_id", "step"),
    "measurements": ("cell_id", "quantity", "part", "position"),
    "diagnoses": ("cell_id",),
    "sites": ("cell_id", "site"),
    "taps": ("cell_id", "site"),
    "parameters": ("cell_id", "parameter"),
    "findings": ("cell_id", "rule", "place", "threshold"),
}
KEYS = {
    "runs": ("run_id",),
    "workers": ("run_id", "worker"),
    "schemes": ("kind", "name"),
    "metrics": ("name",),
    "activation_maps": ("activation",),
    "cells": ("cell_id",),
}
# Columns in which the same result of another run differs by right.
INCIDENTAL = {
    "cells": ("run_id", "seconds", "error", "batch", "batch_place", "batch_cells", "worker"),
    "diagnoses": ("method", "reason", "at_once", "packages"),
}
# Columns that a database has and the journal lacks: they follow from the other columns.
DERIVED = {"cells": tuple(MAPS)}


def names() -> tuple[str, ...]:
    """Return the names of the tables that a journal entry may contain."""
    return NAMES


@cache
def schema(name: str) -> pa.Schema:
    """Return the Arrow schema of a table of the journal.

    Args:
        name: one of `names()`.

    Returns:
        The schema, columns in the order of the SQL, `nullable` false where the SQL says NOT NULL.

    Raises:
        StoreInvalid: when there is no such table.
    """
    if name not in NAMES:
        raise StoreInvalid(f"the journal has no table {name!r}; it has {', '.join(NAMES)}")
    return _schemas()[name]


def of_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows as a table with its schema; what a row lacks is NULL, and what the table lacks is left out.

    Args:
        name: one of `names()`.
        rows: values by column.
    """
    return pa.Table.from_pylist(rows, schema=schema(name))


def conform(name: str, table: pa.Table) -> pa.Table:
    """Bring a table to its schema, or say why that is impossible.

    Args:
        name: one of `names()`.
        table: the columns of the schema in any order, in types that cast to it without loss.

    Returns:
        The table with exactly the schema's columns, order and types.

    Raises:
        StoreInvalid: when a column lacks, is unknown, does not cast, or has a null where none is allowed.
    """
    wanted = schema(name)
    missing = [column for column in wanted.names if column not in table.column_names]
    unknown = [column for column in table.column_names if column not in wanted.names]
    if missing or unknown or table.num_columns != len(wanted):
        raise StoreInvalid(
            f"table {name} does not have the columns of its schema: missing {missing}, unknown {unknown}; "
            f"required are {wanted.names}"
        )
    return pa.table({field.name: _column(name, table[field.name], field) for field in wanted}, schema=wanted)


def _column(name: str, values: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if values.null_count and not field.nullable:
        raise StoreInvalid(f"{name}.{field.name} has {values.null_count} nulls; the schema allows none")
    try:
        return values.cast(field.type, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise StoreInvalid(
            f"{name}.{field.name} of type {values.type} does not cast to {field.type}: {error}"
        ) from None


@cache
def _schemas() -> dict[str, pa.Schema]:
    from goldilocks.store.schema.migrate import empty

    with empty() as connection:
        return {name: _read_schema(connection, name) for name in NAMES}


def _read_schema(connection, name: str) -> pa.Schema:
    columns = connection.sql(f"SELECT * FROM {name} LIMIT 0").to_arrow_table().schema
    nullable = dict(
        connection.execute(
            "SELECT column_name, is_nullable FROM duckdb_columns() WHERE table_name = ?", [name]
        ).fetchall()
    )
    stored = [field for field in columns if field.name not in DERIVED.get(name, ())]
    return pa.schema([pa.field(field.name, _plain(field.type), nullable[field.name]) for field in stored])


def _plain(kind: pa.DataType) -> pa.DataType:
    """JSON travels as text, and the item of a list has Arrow's usual name."""
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    return pa.list_(_plain(kind.value_type)) if pa.types.is_list(kind) else kind
