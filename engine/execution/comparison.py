"""Comparing the results of a cell with the same results computed again: bit for bit, or within rounding.

On another device sums round differently, which alters a statistic of an untrained network by about the precision of its
numbers. In training the difference grows exponentially with the number of updates, so only what was logged up to the
first interval is judged there, and nothing that was measured after training.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

KEYS = {
    "layers": ("layer",),
    "layer_histograms": ("layer", "tap"),
    "curves": ("step",),
    "measurements": ("quantity", "part", "position"),
}
# Largest difference that rounding explains, relative to the number or to a hundredth of the largest of its column.
# Between two instruction sets of one processor it is 1e-6 for most numbers, and 7e-3 for gradients through six layers
# of batch norm over 17 examples, which amplify it.
ROUNDING = 1e-2
# Largest share of the values of a histogram that rounding moves to another bin.
MOVED = 0.02


@dataclass(frozen=True)
class Difference:
    """A column that differs: where first, what the store holds, what was found again, and in how many rows."""

    column: str
    where: str
    stored: Any
    found: Any
    rows: int

    def __str__(self) -> str:
        return f"{self.column} at {self.where}: {self.stored} in the store, {self.found} again ({self.rows} rows)"


def differences(name: str, stored: pa.Table, found: pa.Table, exact: bool) -> Iterator[Difference]:
    """Yield what differs between the rows of one table for one cell.

    Args:
        name: the table.
        stored: its rows in the store.
        found: the same computed again, with the same columns.
        exact: whether every bit counts; else differences by rounding are passed over.
    """
    stored, found = _judged(name, stored, exact), _judged(name, found, exact)
    if stored.num_rows != found.num_rows:
        yield Difference(f"{name}, number of rows", "all", stored.num_rows, found.num_rows, 1)
        return
    for column in stored.column_names:
        differs = _differs(stored[column], found[column], exact)
        if differs.any():
            row = int(differs.argmax())
            where = ", ".join(f"{key}={stored[key][row].as_py()}" for key in KEYS[name])
            values = (stored[column][row].as_py(), found[column][row].as_py())
            yield Difference(f"{name}.{column}", where, *values, int(differs.sum()))


def _judged(name: str, rows: pa.Table, exact: bool) -> pa.Table:
    """Return the rows in the order of their keys, without those that rounding may have changed at will."""
    rows = rows.sort_by([(key, "ascending") for key in KEYS[name]])
    if exact:
        return rows
    if name == "layer_histograms":
        return rows.drop_columns(["underflow", "overflow"])
    return rows.slice(0, 2) if name == "curves" else rows


def _differs(stored: pa.ChunkedArray, found: pa.ChunkedArray, exact: bool) -> np.ndarray:
    if pa.types.is_floating(stored.type):
        a, b = (column.to_numpy(zero_copy_only=False) for column in (stored, found))
        equal = (a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b))
        if not exact:
            equal |= _close(a, b)
        return ~equal | (stored.is_null().to_numpy() != found.is_null().to_numpy())
    pairs = zip(stored.to_pylist(), found.to_pylist(), strict=True)
    if pa.types.is_list(stored.type) and not exact:
        return np.array([not _alike(a, b) for a, b in pairs], bool)
    return np.array([a != b for a, b in pairs], bool)


def _close(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    finite = np.abs(a[np.isfinite(a)])
    scale = np.maximum(np.abs(a), finite.max() * ROUNDING if len(finite) else 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.abs(a.astype(np.float64) - b) <= ROUNDING * scale


def _alike(a: list[int], b: list[int]) -> bool:
    moved = np.abs(np.subtract(a, b)).sum() / 2 if len(a) == len(b) else np.inf
    return bool(moved <= MOVED * sum(a) + 1)
