"""What a study declares: which cells fit into one tensor program, what they cost, and how to compute them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import pyarrow as pa
import torch

from goldilocks.engine.card import Card
from goldilocks.engine.cell import Cell
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import Cost
from goldilocks.engine.divergence import not_finite
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme


@dataclass(frozen=True)
class Outcome:
    """What a batch gives.

    Attributes:
        cell_ids: its cells.
        tables: rows for the store's tables other than `cells`.
        updates: for each cell, the number of updates made before the first loss that was not finite, or None; empty
            where nothing is trained.
        overflowed: ids of the cells in which a value that stands in no table was not finite.
        chance: test accuracy of guessing the most frequent class, or None where nothing is classified.
        first_losses: for each cell, the predicted loss before the first update, or None; empty where nothing is
            classified.
    """

    cell_ids: Sequence[str]
    tables: dict[str, pa.Table]
    updates: Sequence[int | None] = ()
    overflowed: Collection[str] = ()
    chance: float | None = None
    first_losses: Sequence[float | None] = ()

    @property
    def diverged_at(self) -> Sequence[int | None]:
        """For each cell, the number of updates made before a loss was not finite, or None."""
        return self.updates or [None] * len(self.cell_ids)

    @cached_property
    def diverged(self) -> list[bool]:
        """For each cell, whether a value was met that is not finite."""
        undecided = [one.name for study in studies for one in study.quantities if not one.decides]
        gone = {*self.overflowed, *not_finite(self.tables, undecided)}
        steps = zip(self.cell_ids, self.diverged_at, strict=True)
        return [step is not None or cell_id in gone for cell_id, step in steps]


Kind = TypeVar("Kind", bound=Cell)


class Study(Scheme, Generic[Kind]):
    """One kind of experiment on a batch of cells.

    Attributes:
        cell: the configuration of one experiment: its fields are the keys of grid files.
        quantities: what it measures beside the columns of the store's tables.
        parts: how people see the parts of its quantities that are always the same, in their order.
        typical_share: share of the rate of plain batched products that it reaches, statistics and logging included.
        layer_calls: what a layer takes however small it is, in each update or, where nothing is trained, for each
            cell, in calls of a kernel on next to nothing: kernels, statistics, predictions.
    """

    cell: ClassVar[type[Cell]]
    quantities: ClassVar[tuple[Quantity, ...]] = ()
    parts: ClassVar[Mapping[str, Card]] = {}
    typical_share: ClassVar[float] = 0.4
    layer_calls: ClassVar[int] = 140

    def group_key(self, cell: Kind) -> tuple[Any, ...]:
        """Return what cells of one batch must have in common."""
        raise NotImplementedError(f"{type(self).__name__} must define group_key")

    def cost(self, cells: Sequence[Kind], device: torch.device) -> Cost:
        """Return what a batch of these cells takes.

        Args:
            cells: cells with the same group key; at least one.
            device: where it would be computed.
        """
        raise NotImplementedError(f"{type(self).__name__} must define cost")

    def run(self, cells: Sequence[Kind], device: torch.device, progress: Progress) -> Outcome:
        """Compute a batch.

        Args:
            cells: cells with the same group key; at least one.
            device: where.
            progress: called with the share that is done, from 0 to 1.
        """
        raise NotImplementedError(f"{type(self).__name__} must define run")


studies: Registry[Study] = Registry("study", "goldilocks.engine.studies")
