"""Writes the rows of a query as a table, CSV, JSON or Parquet.

NULL is an empty field in CSV and null in JSON; NaN and infinity are `nan`, `inf`, `-inf` in CSV, and the texts
"NaN", "Infinity", "-Infinity" in JSON, which has no numbers for them. Single-precision values are written with the
digits that single precision has.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

TABLE_ROWS = 500


def table(rows: pa.Table) -> bytes:
    """Returns the first rows as aligned text."""
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for field in rows.schema:
        numeric = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        drawn.add_column(Text(field.name), justify="right" if numeric else "left", no_wrap=True)
    for row in _rows(rows.slice(0, TABLE_ROWS)):
        drawn.add_row(*(Text("NULL" if value is None else _text(value)) for value in row))
    stream = io.StringIO()
    Console(file=stream, width=10_000).print(drawn)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    if rows.num_rows > TABLE_ROWS:
        lines.append(f"… {rows.num_rows - TABLE_ROWS} more of {rows.num_rows} rows; --format csv writes all of them")
    return ("\n".join(lines) + "\n").encode()


def comma_separated(rows: pa.Table) -> bytes:
    """Returns the rows as CSV with a header."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(rows.column_names)
    writer.writerows(["" if value is None else _text(value) for value in row] for row in _rows(rows))
    return stream.getvalue().encode()


def javascript(rows: pa.Table) -> bytes:
    """Returns the rows as a JSON list of objects."""
    objects = [dict(zip(rows.column_names, map(_json, row), strict=True)) for row in _rows(rows)]
    return (json.dumps(objects, ensure_ascii=False, indent=1) + "\n").encode()


def parquet(rows: pa.Table) -> bytes:
    """Returns the rows as a Parquet file."""
    stream = io.BytesIO()
    pq.write_table(rows, stream, compression="zstd")
    return stream.getvalue()


FORMATS: dict[str, Callable[[pa.Table], bytes]] = {
    "table": table,
    "csv": comma_separated,
    "json": javascript,
    "parquet": parquet,
}


def _rows(rows: pa.Table) -> Any:
    return zip(*(_values(column) for column in rows.columns), strict=True)


def _values(column: pa.ChunkedArray) -> list[Any]:
    values = column.to_pylist()
    if pa.types.is_float32(column.type):
        return [None if value is None else float(str(np.float32(value))) for value in values]
    return values


def _text(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return json.dumps(_json(value), ensure_ascii=False)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else _plain(value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
