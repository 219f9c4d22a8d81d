"""The planner: cells that can share one tensor program, in batches sized to memory and to a few seconds each."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from goldilocks.engine.cell import Cell
from goldilocks.engine.cost import Cost
from goldilocks.engine.errors import RequestError
from goldilocks.engine.studies.base import Study, studies

# A batch is what a kill can lose and what a reader waits for, so it is also bounded in work: seconds on each device.
MOST_FLOPS = {"cpu": 3e11, "cuda": 3e14, "mps": 1e13}
# A batch is no larger than this, however much memory there is: more cells at once are not faster, only hungrier.
MOST_BYTES = {"cpu": 1.5e9, "cuda": 30e9, "mps": 4e9}
# Share of the free memory that a batch may plan for; the rest is for temporaries that no plan sees.
MEMORY_SHARE = 0.7


class Place(Protocol):
    """Where batches are to be computed: a device, and the bytes of its memory that can be taken."""

    @property
    def torch_device(self) -> torch.device: ...

    @property
    def free_memory(self) -> float: ...


@dataclass(frozen=True)
class Batch:
    """Cells computed by one tensor program.

    Attributes:
        study: what is done with them.
        cells: the cells.
        cost: what it takes.
    """

    study: Study
    cells: Sequence[Cell]
    cost: Cost

    @property
    def calls(self) -> float:
        """What it takes beside its products, in calls of a kernel on next to nothing: so many layers, so often."""
        first = self.cells[0]
        return self.study.layer_calls * (first.depth + 1) * (getattr(first, "steps", None) or len(self.cells))

    def halves(self) -> "tuple[Batch, Batch]":
        """Return two batches that together are this one; each counts as half the cost."""
        middle, cost = len(self.cells) // 2, Cost(self.cost.flops / 2, self.cost.bytes / 2)
        return Batch(self.study, self.cells[:middle], cost), Batch(self.study, self.cells[middle:], cost)


def plan(cells: Sequence[Cell], device: Place) -> list[Batch]:
    """Group cells by what shapes their tensor program and cut the groups to size.

    Args:
        cells: what is to be computed.
        device: where; its free memory bounds a batch.

    Returns:
        Batches in the order of the cells.

    Raises:
        RequestError: a single cell needs more memory than the device has free.
    """
    kind, free = device.torch_device.type, device.free_memory
    room = Cost(MOST_FLOPS[kind], min(MOST_BYTES[kind], MEMORY_SHARE * free))
    batches = []
    for study, group in groups(cells):
        least = study.cost(group[:1], device.torch_device)
        if least.bytes > MEMORY_SHARE * free:
            raise RequestError(_too_large(group[0], least.bytes, free))
        batches += _cut(study, group, room, device.torch_device)
    return batches


def groups(cells: Sequence[Cell]) -> list[tuple[Study, list[Cell]]]:
    """Return the cells that could share one tensor program, and what is done with them, in the order of the cells."""
    known = {name: studies.parse(name) for name in {cell.study for cell in cells}}
    grouped: dict[object, list[Cell]] = {}
    for cell in cells:
        grouped.setdefault((cell.study, known[cell.study].group_key(cell)), []).append(cell)
    return [(known[group[0].study], group) for group in grouped.values()]


def _cut(study: Study, group: Sequence[Cell], room: Cost, device: torch.device) -> list[Batch]:
    def excess(count: int) -> bool:
        cost = study.cost(group[:count], device)
        return cost.flops > room.flops or cost.bytes > room.bytes

    most = max(1, bisect_right(range(1, len(group) + 1), False, key=excess))
    pieces = -(-len(group) // most)
    size = -(-len(group) // pieces)
    parts = [group[start : start + size] for start in range(0, len(group), size)]
    return [Batch(study, part, study.cost(part, device)) for part in parts]


def _too_large(cell: Cell, needed: float, free: float) -> str:
    return (
        f"a single cell (width = {cell.width}, depth = {cell.depth}, batch_size = {cell.batch_size}) needs "
        f"{needed / 1e9:.1f} GB of memory; {free / 1e9:.1f} GB are free. Reduce the width, the depth or the batch size"
    )
