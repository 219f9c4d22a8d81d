"""What both kinds of transfer measure alike: the accuracy on the target set, at the end and over training."""

from collections.abc import Iterable, Sequence

from goldilocks.engine.measurements import Measurements
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.transfer.adapted_cell import AdaptedCell


def accuracy_quantities(kind: str) -> tuple[Quantity, Quantity]:
    """Return the accuracy after the last update by number of images, and over training.

    Args:
        kind: what the names of the quantities begin with.
    """
    label = "Test accuracy on the target"
    return (
        Quantity(
            f"{kind}_accuracy",
            label,
            "Share of correct predictions on the test split of the target set after the last update.",
            better="higher",
            position="Images per class",
        ),
        Quantity(f"{kind}_curve", label, "The same over training.", better="higher", position="Updates"),
    )


def part_of(cell: AdaptedCell) -> str:
    """Return which part of a figure a cell's values over training or over layers belong to."""
    return f"{cell.scheme}, {cell.images} per class"


def add_accuracy(
    rows: Measurements, kind: str, cell: AdaptedCell, steps: Iterable[int], accuracies: Sequence[float]
) -> None:
    """Take in the accuracies of one cell.

    Args:
        rows: where to.
        kind: as for `accuracy_quantities`.
        cell: the cell.
        steps: the logged steps, ascending.
        accuracies: one for each of them.
    """
    rows.add(cell.cell_id, f"{kind}_accuracy", accuracies[-1], cell.images, cell.scheme)
    for step, accuracy in zip(steps, accuracies, strict=True):
        rows.add(cell.cell_id, f"{kind}_curve", accuracy, step, part_of(cell))
