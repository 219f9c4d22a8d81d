"""Rows of the store's table `measurements`, collected cell by cell, or for all cells of a batch at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from goldilocks.store import tables


class Measurements:
    """The quantities that a batch of cells measured; non-finite numbers are results like any other."""

    def __init__(self) -> None:
        self._rows: list[dict[str, str | float | None]] = []

    def add(self, cell_id: str, quantity: str, value: float, position: float | None = None, part: str = "") -> None:
        """Take in one number.

        Args:
            cell_id: the cell it belongs to.
            quantity: name of one of the study's quantities.
            value: the number.
            position: what the quantity is a function of, where it is one.
            part: which part of the cell it was measured on, where there are several.
        """
        row = {"cell_id": cell_id, "quantity": quantity, "part": part, "position": position, "value": float(value)}
        self._rows.append(row)

    def table(self) -> pa.Table:
        """Return the rows as the store wants them."""
        return tables.of_rows("measurements", self._rows)


class BatchMeasurements:
    """The same for cells that are measured side by side: numbers stay on the device until all are copied, once.

    Args:
        cell_ids: id of each configuration.
    """

    def __init__(self, cell_ids: Sequence[str]) -> None:
        self._cell_ids = cell_ids
        self._labels: list[tuple[str, float | None, str]] = []
        self._values: list[Tensor] = []

    def add(self, quantity: str, values: Tensor, position: float | None = None, part: str = "") -> None:
        """Take in one number per configuration; see `Measurements.add`.

        Args:
            quantity: as there.
            values: the numbers `[config]`.
            position: as there.
            part: as there.
        """
        self._labels.append((quantity, position, part))
        self._values.append(values.detach())

    def table(self) -> pa.Table:
        """Return the rows as the store wants them, entry after entry."""
        quantity, position, part = zip(*self._labels, strict=True)

        def each(column: Sequence[Any]) -> list[Any]:
            return [entry for entry in column for _ in self._cell_ids]

        columns = {
            "cell_id": [*self._cell_ids] * len(quantity),
            "quantity": each(quantity),
            "part": each(part),
            "position": each(position),
            "value": torch.stack(self._values).cpu().numpy().astype(np.float64).ravel(),
        }
        return pa.table(columns, schema=tables.schema("measurements"))
