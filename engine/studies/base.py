"""What a study declares: which cells fit into one tensor program, what they cost, and how to compute them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import pyarrow as pa
import torch

from engine.card import Card
from engine.grid.cell import Cell

# Called with the share of the batch that is done, between 0 and 1.
Progress = Callable[[float], None]
Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Cost:
    """What a batch takes.

    Attributes:
        flops: floating-point operations of its matrix products.
        bytes: peak memory of its tensors.
    """

    flops: float
    bytes: float


@dataclass(frozen=True)
class Outcome:
    """What a batch gives.

    Attributes:
        tables: rows for the store's tables other than `cells`.
        diverged: for each cell, whether a non-finite value was met.
        diverged_at: for each cell, the number of updates made before that, or None.
    """

    tables: Tables
    diverged: Sequence[bool]
    diverged_at: Sequence[int | None]


Kind = TypeVar("Kind", bound=Cell)


class Study(Generic[Kind]):
    """One kind of experiment on a batch of cells.

    Attributes:
        name: name in grid files.
        card: what people read.
    """

    name: ClassVar[str]
    card: ClassVar[Card]

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
            progress: told how far the batch is.
        """
        raise NotImplementedError(f"{type(self).__name__} must define run")


def studies() -> dict[str, Study]:
    """Return every study by name."""
    from engine.studies.propagation import Propagation
    from engine.studies.training import Training

    return {study.name: study for study in (Propagation(), Training())}
