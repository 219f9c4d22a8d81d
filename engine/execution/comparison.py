"""Comparing the results of a cell with the same results computed again: bit for bit, or within rounding.

On another device sums round differently. What that does to a number depends on what the number is made of, so a
difference is measured in units of that: a mean, which may cancel, in units of the root mean square; a share in units
of one. In training a difference grows with every update, in some networks so fast that soon nothing can be compared.
When is not guessed but measured: the cell is trained once more at a learning rate that is a thousandth larger, far more
than rounding, and its curves are judged as long as that makes next to no difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from goldilocks.store import tables

# What tells the rows of one cell apart.
KEYS = {name: tuple(key for key in keys if key != "cell_id") for name, keys in tables.ROW_KEYS.items()}
# What hangs on whether a number crosses a threshold: rounding may decide it.
DECIDED = ("findings", "diagnoses")
# Largest difference that rounding explains: in what goes forward; in gradients, which a deep network with batch norm
# amplifies; and in training. Made of what other vector instructions did to the demo; see engine/NOTES.md.
FORWARD, BACKWARD, TRAINED = 5e-3, 0.25, 0.1
# Curves are judged until the larger learning rate has moved one of them by more than this.
STEADY = 0.01
# Share of the values of a histogram that rounding moves to another bin: of a gradient, whose ends move, and of others.
MOVED_BACKWARD, MOVED = 0.15, 0.02
# What a number is made of, where that is not the number itself: another column, or a share of one.
UNITS = {"mean": "rms", "unit_std": "rms"}
SHARES = ("frac_", "train_accuracy", "test_accuracy")


@dataclass(frozen=True)
class Difference:
    """A column that differs: where first, what the store holds, what came out again, and in how many rows."""

    column: str
    where: str
    stored: Any
    recomputed: Any
    rows: int

    def __str__(self) -> str:
        return f"{self.column} at {self.where}: {self.stored} stored, {self.recomputed} recomputed ({self.rows} rows)"


def differences(
    name: str, stored: pa.Table, recomputed: pa.Table, perturbed: pa.Table | None = None
) -> Iterator[Difference]:
    """Yield what differs between the rows of one table for one cell.

    Args:
        name: the table.
        stored: its rows in the store.
        recomputed: the same computed again, with the same columns.
        perturbed: the same once more at a slightly larger learning rate, or again where nothing is trained:
            differences by rounding are passed over. None: every bit counts.
    """
    incidental = tables.INCIDENTAL.get(name, ())
    stored, recomputed = (
        rows.sort_by([(key, "ascending") for key in KEYS[name] or ("cell_id",)]).drop_columns(list(incidental))
        for rows in (stored, recomputed)
    )
    if stored.num_rows != recomputed.num_rows:
        yield Difference(f"{name}, number of rows", "all", stored.num_rows, recomputed.num_rows, 1)
        return
    if perturbed is not None:
        stored, recomputed = _comparable(name, stored, recomputed, perturbed)
    for column in stored.column_names:
        differs = _differs(stored[column], recomputed[column])
        if perturbed is not None and differs.any():
            differs &= ~_rounding(column, stored, recomputed)
        if differs.any():
            row = int(differs.argmax())
            where = ", ".join(f"{key}={stored[key][row].as_py()}" for key in KEYS[name]) or "all"
            values = (stored[column][row].as_py(), recomputed[column][row].as_py())
            yield Difference(f"{name}.{column}", where, *values, int(differs.sum()))


def compared_tables(inexact: bool) -> list[str]:
    """Return the tables whose rows say whether a cell is the same.

    Args:
        inexact: whether differences by rounding are passed over.
    """
    return [name for name in KEYS if not (inexact and name in DECIDED)]


def _comparable(name: str, stored: pa.Table, recomputed: pa.Table, perturbed: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return what rounding cannot have changed at will."""
    if name == "layer_histograms":
        # By the last bit of an end a value lies within or beyond it.
        return tuple(rows.drop_columns(["underflow", "overflow"]) for rows in (stored, recomputed))
    if name == "curves":
        count = steady(recomputed, perturbed)
        return stored.slice(0, count), recomputed.slice(0, count)
    return stored, recomputed


def steady(recomputed: pa.Table, perturbed: pa.Table) -> int:
    """Return for how many logged steps a slightly larger learning rate makes next to no difference to a cell's curves.

    Args:
        recomputed: its rows of `curves`.
        perturbed: those at the larger learning rate.
    """
    recomputed, perturbed = (rows.sort_by("step") for rows in (recomputed, perturbed))
    moved = np.zeros(recomputed.num_rows, bool)
    for column in recomputed.column_names:
        if pa.types.is_floating(recomputed[column].type):
            a, b = (_numbers(rows, column) for rows in (recomputed, perturbed))
            with np.errstate(invalid="ignore"):
                alike = (np.abs(a - b) <= STEADY * _unit(column, recomputed)) | ~(np.isfinite(a) | np.isfinite(b))
            moved |= ~alike
    # The first is before any update.
    return max(1, int(moved.argmax())) if moved.any() else len(moved)


def _differs(stored: pa.ChunkedArray, recomputed: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_floating(stored.type):
        a, b = (column.to_numpy(zero_copy_only=False) for column in (stored, recomputed))
        equal = (a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b))
        return ~equal | (stored.is_null().to_numpy() != recomputed.is_null().to_numpy())
    return np.array([a != b for a, b in zip(stored.to_pylist(), recomputed.to_pylist(), strict=True)], bool)


def _rounding(column: str, stored: pa.Table, recomputed: pa.Table) -> np.ndarray:
    """Tell row by row whether rounding explains a difference."""
    kind, backward = stored[column].type, _backward(column, stored)
    if pa.types.is_list(kind) and pa.types.is_integer(kind.value_type):
        pairs = zip(stored[column].to_pylist(), recomputed[column].to_pylist(), backward, strict=True)
        return np.array([_alike(a, b, MOVED_BACKWARD if grad else MOVED) for a, b, grad in pairs], bool)
    if not pa.types.is_floating(kind):
        return np.zeros(stored.num_rows, bool)
    allowed = TRAINED if "step" in stored.column_names else np.where(backward, BACKWARD, FORWARD)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.abs(_numbers(stored, column) - _numbers(recomputed, column)) <= allowed * _unit(column, stored)


def _numbers(rows: pa.Table, column: str) -> np.ndarray:
    return rows[column].to_numpy(zero_copy_only=False).astype(np.float64)


def _unit(column: str, rows: pa.Table) -> np.ndarray:
    """Return what the numbers of a column are made of: at least a hundredth of the largest of the column."""
    if column.startswith(SHARES):
        return np.ones(rows.num_rows)
    values = np.abs(_numbers(rows, UNITS.get(column, column) if "rms" in rows.column_names else column))
    finite = values[np.isfinite(values)]
    return np.maximum(values, finite.max() / 100 if len(finite) else 0.0)


def _backward(column: str, rows: pa.Table) -> np.ndarray:
    """Tell row by row whether a column is about gradients; quantities may be."""
    if "tap" in rows.column_names:
        return np.array([tap == "grad" for tap in rows["tap"].to_pylist()], bool)
    return np.full(rows.num_rows, "grad" in column or column == "value")


def _alike(a: list[int], b: list[int], most: float) -> bool:
    moved = np.abs(np.subtract(a, b)).sum() / 2 if len(a) == len(b) else np.inf
    return bool(moved <= most * sum(a) + 1)
