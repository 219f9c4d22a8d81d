"""Rows of an answer as a browser shows them: every digit is kept, if need be as text.

A browser computes with 53 bits, pandas with 64: larger integers and long decimals would be shown with other digits than
they have.
"""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

# Integers up to here are exact as a number of a browser.
LARGEST = 2**53
# Significant digits that such a number always keeps.
DIGITS = 15


def shown(rows: pa.Table) -> pd.DataFrame:
    """Return rows as a frame whose columns may have any name, also the same.

    Args:
        rows: as DuckDB answers.
    """
    columns = [_column(column) for column in rows.columns]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(rows.num_rows))
    frame.columns = _names(rows.column_names)
    return frame


def file(kind: str, rows: pa.Table) -> bytes:
    """Return rows as a file.

    Args:
        kind: CSV or Parquet.
        rows: as DuckDB answers.
    """
    sink = io.BytesIO()
    if kind == "Parquet":
        pq.write_table(rows, sink, compression="zstd")
        return sink.getvalue()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.column_names)
    columns = (map(_field, column.to_pylist()) for column in rows.columns)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def _names(given: list[str]) -> list[str]:
    """Return names that differ, as pandas and Streamlit need them."""
    found: list[str] = []
    for name in given:
        number, new = 1, name
        while new in found:
            number += 1
            new = f"{name}_{number}"
        found.append(new)
    return found


def _column(values: pa.ChunkedArray) -> pd.Series:
    kind = values.type
    if pa.types.is_decimal(kind):
        return _decimals(values.to_pylist())
    if pa.types.is_integer(kind):
        return _integers(values.to_pylist())
    if pa.types.is_nested(kind):
        return pd.Series([None if one is None else _text(one) for one in values.to_pylist()], dtype=object)
    if pa.types.is_interval(kind):
        return pd.Series([None if one is None else _interval(*one) for one in values.to_pylist()], dtype=object)
    if pa.types.is_floating(kind):
        return _floats(values)
    try:
        return values.to_pandas().reset_index(drop=True)
    except (pa.ArrowException, ValueError, OverflowError):
        # A date beyond those that pandas knows.
        return pd.Series([None if one is None else str(one) for one in values.cast(pa.string()).to_pylist()])


def _integers(values: list[int | None]) -> pd.Series:
    if any(one is not None and abs(one) > LARGEST for one in values):
        return pd.Series([None if one is None else str(one) for one in values], dtype=object)
    return pd.Series(values, dtype="Int64" if None in values else "int64")


def _floats(values: pa.ChunkedArray) -> pd.Series:
    """Return numbers in which NaN, a result, is told from NULL, which is none."""
    numbers = values.to_numpy().astype("float64")
    if np.isfinite(numbers).all():
        return pd.Series(numbers)
    return pd.Series(pd.arrays.FloatingArray(numbers, values.is_null(nan_is_null=False).to_numpy()))


def _decimals(values: list[Decimal | None]) -> pd.Series:
    given = [one for one in values if one is not None]
    if all(one == one.to_integral_value() and abs(one) <= LARGEST for one in given):
        return _integers([None if one is None else int(one) for one in values])
    if all(len(one.normalize().as_tuple().digits) <= DIGITS for one in given):
        return pd.Series([np.nan if one is None else float(one) for one in values], dtype="float64")
    return pd.Series([None if one is None else f"{one:f}" for one in values], dtype=object)


def _field(value: Any) -> str:
    """Return a value in a CSV file: NULL is an empty field, NaN is not."""
    if value is None:
        return ""
    return _text(value) if isinstance(value, dict | list | tuple) else str(value)


def _interval(months: int, days: int, nanoseconds: int) -> str:
    parts = (f"{months} months", f"{days} days", f"{Decimal(nanoseconds) / 10**9:f} s")
    return " ".join(part for part in parts if not part.startswith("0 ")) or "0 s"


def _text(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else f"{value:f}"
    return value if isinstance(value, str | int | float | bool | None) else str(value)
