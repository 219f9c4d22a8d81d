"""A batch of the store computed again, as it was or at a slightly larger learning rate."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from goldilocks.engine.cell import Cell
from goldilocks.engine.device import Device
from goldilocks.engine.execution.comparison import steady
from goldilocks.engine.studies import Outcome, studies
from goldilocks.store import tables


@dataclass(frozen=True)
class Recomputed:
    """A batch that was computed again.

    Attributes:
        cells: its cells.
        outcome: what came out.
    """

    cells: Sequence[Cell]
    outcome: Outcome

    @classmethod
    def of(cls, cells: Sequence[Cell], device: Device) -> "Recomputed":
        """Compute cells that may share a tensor program.

        Args:
            cells: the cells; at least one.
            device: where.
        """
        outcome = studies.parse(cells[0].study).run(cells, device.torch_device, lambda share: None)
        device.synchronize()
        return cls(cells, outcome)

    def rows(self, name: str, place: int) -> pa.Table:
        """Return the rows of a cell in a table, as the store would hold them, but for what was measured in seconds.

        Args:
            name: the table.
            place: the cell's place among `cells`.
        """
        table = self.outcome.tables.get(name, tables.schema(name).empty_table())
        rows = tables.conform(name, table.filter(pc.equal(table["cell_id"], self.cells[place].cell_id)))
        return without_times(rows) if name == "measurements" else rows

    def diverged(self, place: int) -> tuple[bool, int | None]:
        """Return whether a cell diverged, and the number of updates made before, or None.

        Args:
            place: the cell's place among `cells`.
        """
        return self.outcome.diverged[place], self.outcome.diverged_at[place]


def rate_axis(cell: Cell) -> str | None:
    """Return the axis that is the learning rate of a cell, or None where nothing is trained."""
    return next((name for name, _ in cell.fields() if name in ("lr", "lr_per_example")), None)


def at_larger_rate(cell: Cell) -> Cell:
    """Return the same cell with a learning rate that is a thousandth larger."""
    rate = rate_axis(cell)
    return cell if rate is None else type(cell)(**dict(cell.fields()) | {rate: 1.001 * getattr(cell, rate)})


def steady_until(recomputed: Recomputed, perturbed: Recomputed, place: int) -> float:
    """Return the last step until which it does not hang on the last bits what becomes of a cell.

    Args:
        recomputed: the cell's batch.
        perturbed: the same batch at slightly larger learning rates.
        place: the cell's place among its cells.
    """
    curves = recomputed.rows("curves", place).sort_by("step")
    count = steady(curves, perturbed.rows("curves", place))
    return curves["step"][count - 1].as_py() if count < curves.num_rows else float("inf")


def without_times(measurements: pa.Table) -> pa.Table:
    """Leave out what was measured in seconds: no two runs take the same time."""
    times = [quantity.name for study in studies for quantity in study.quantities if quantity.unit == "s"]
    return measurements.filter(pc.invert(pc.is_in(measurements["quantity"], pa.array(times, pa.string()))))
