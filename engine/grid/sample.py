"""Samples of a product that is too large to be computed: few networks in which every two values meet."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from math import prod

# Rows that are made for each one that is taken, each with the axes in another order.
CANDIDATES = 12
Row = tuple[int, ...]
# Two axes, each with the place of a value: axis, value, axis, value.
Pair = tuple[int, int, int, int]


def sample(sizes: Sequence[int], count: int) -> list[Row]:
    """Choose some combinations so that every two values of different axes meet as equally often as possible.

    Each is put together axis by axis from the values that have met those already in it least often, and of some made so
    the one is taken whose pairs are the rarest yet: a covering array of strength two that goes on when all pairs are
    covered. How often a pair has met counts in shares of what is due to it, one in so many rows as its axes have pairs.

    Args:
        sizes: how many values each axis has.
        count: how many combinations, at most as many as there are.

    Returns:
        Places of the values along the axes, all different; the same ones each time.

    Raises:
        ValueError: there are not so many.

    Source:
        D. M. Cohen, S. R. Dalal, M. L. Fredman, G. C. Patton: The AETG system: an approach to testing based on
        combinatorial design. IEEE Transactions on Software Engineering 23 (1997), the greedy construction.
    """
    if count > prod(sizes):
        raise ValueError(f"{count} of {prod(sizes)} combinations")
    generator = random.Random(0)
    met: Counter[Pair] = Counter()
    used: Counter[tuple[int, int]] = Counter()
    chosen: dict[Row, None] = {}
    while len(chosen) < count:
        made = [_row(sizes, met, used, generator) for _ in range(CANDIDATES)]
        new = [row for row in made if row not in chosen] or [_anywhere(sizes, chosen, generator)]
        row = min(new, key=lambda row: _commonness(_pairs(row), sizes, met))
        chosen[row] = None
        met.update(_pairs(row))
        used.update(enumerate(row))
    return list(chosen)


def _row(sizes: Sequence[int], met: Counter, used: Counter, generator: random.Random) -> Row:
    values: dict[int, int] = {}
    for axis in sorted(range(len(sizes)), key=lambda _: generator.random()):

        def rarity(value: int, axis: int = axis) -> tuple[int, int, float]:
            """Return how much a value met the others of this row, and how often it stands anywhere; ties are drawn."""
            pairs = (_pair(axis, value, other, values[other]) for other in values)
            return _commonness(pairs, sizes, met), used[axis, value], generator.random()

        values[axis] = min(range(sizes[axis]), key=rarity)
    return tuple(values[axis] for axis in range(len(sizes)))


def _commonness(pairs: Iterable[Pair], sizes: Sequence[int], met: Counter[Pair]) -> int:
    return sum(met[pair] * sizes[pair[0]] * sizes[pair[2]] for pair in pairs)


def _anywhere(sizes: Sequence[int], chosen: dict[Row, None], generator: random.Random) -> Row:
    while True:
        row = tuple(int(generator.random() * size) for size in sizes)
        if row not in chosen:
            return row


def _pairs(row: Row) -> list[Pair]:
    return [_pair(one, row[one], other, row[other]) for one, other in combinations(range(len(row)), 2)]


def _pair(one: int, value: int, other: int, its: int) -> Pair:
    return (one, value, other, its) if one < other else (other, its, one, value)
