"""A part of a grid: the same on every machine, so that jobs that know nothing of each other compute all of it once.

Cells that could share one tensor program are cut into a few pieces that stay together, and the pieces are dealt out,
the largest first, each to the shard with the least work so far. Neither the order of the grid file nor the machine
counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch

from goldilocks.engine.cell import Cell
from goldilocks.engine.cores import kernel_threads
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.plan import groups
from goldilocks.engine.grid.spec import Grid

# Pieces are no larger than the work of a shard divided by this: larger ones balance worse, smaller ones batch worse.
PIECES_PER_SHARD = 8
MOST_SHARDS = 100_000


@dataclass(frozen=True)
class Shard:
    """The `number`-th of `count` parts; the first has number 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read `I/N`.

        Raises:
            RequestError: it is not of that form, or there is no such part.
        """
        match = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        number, count = map(int, match.groups()) if match else (0, 0)
        if not 1 <= number <= count <= MOST_SHARDS:
            allowed = f"1/{count} … {count}/{count}" if 1 <= count <= MOST_SHARDS else "1/N … N/N, for example 1/4"
            raise RequestError(f"--shard {text!r}: I/N takes the I-th of N parts. Allowed: {allowed}")
        return cls(number, count)

    def of(self, cells: Sequence[Cell]) -> tuple[Cell, ...]:
        """Return this part of a grid, in the grid's order.

        Args:
            cells: all cells of the grid.
        """
        mine = deal(cells, self.count)[self.number - 1]
        return tuple(cell for cell in cells if cell.cell_id in mine)


def part(grid: Grid, shard: str | None) -> Grid:
    """Return the part of a grid that `I/N` names; None means all of it."""
    return grid if shard is None else replace(grid, cells=Shard.parse(shard).of(grid.cells))


def deal(cells: Sequence[Cell], count: int) -> list[set[str]]:
    """Deal out a grid.

    Args:
        cells: all cells of the grid.
        count: into how many parts.

    Returns:
        For each part, the ids of its cells.
    """
    pieces = _pieces(sorted(cells, key=lambda cell: cell.cell_id), count)
    shards: list[set[str]] = [set() for _ in range(count)]
    work = [0.0] * count
    for cost, piece in sorted(pieces, key=lambda one: (-one[0], one[1])):
        least = min(range(count), key=lambda number: (work[number], number))
        shards[least].update(piece)
        work[least] += cost
    return shards


def _pieces(cells: Sequence[Cell], count: int) -> list[tuple[float, list[str]]]:
    """Return pieces of the cells as their expected work, in operations of plain products, and their ids."""
    device = torch.device("cpu")
    # What a batch costs may depend on the cores of a machine; the parts must not.
    with kernel_threads(1):
        costs = [(study.cost(group, device).flops / study.typical_share, group) for study, group in groups(cells)]
    largest = sum(cost for cost, _ in costs) / (count * PIECES_PER_SHARD)
    pieces = []
    for cost, group in costs:
        parts = min(len(group), max(1, round(cost / largest))) if largest else len(group)
        bounds = [len(group) * place // parts for place in range(parts + 1)]
        for start, end in pairwise(bounds):
            pieces.append((cost * (end - start) / len(group), [cell.cell_id for cell in group[start:end]]))
    return pieces
