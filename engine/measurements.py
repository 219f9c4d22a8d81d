"""Rows of the store's table `measurements`, collected cell by cell."""

import pyarrow as pa

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
        return pa.Table.from_pylist(self._rows, schema=tables.schema("measurements"))
