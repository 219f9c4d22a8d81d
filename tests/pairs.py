"""Members beside members: every pair, without every combination of all."""

from collections.abc import Sequence


def in_turn(ones: Sequence, others: Sequence, rest: Sequence) -> list[tuple]:
    """Return combinations of three lists in which every two members of different lists meet.

    The two longer lists are combined in full, and take the members of the third in turn: number (i + j) mod n. They are
    combined in rounds: in each of them every member of the first list stands once, beside another one of the second.

    Args:
        ones: a list at least as long as the third.
        others: another one.
        rest: the third.

    Raises:
        ValueError: the third list is the longest, and some of its members would not meet all others.
    """
    if len(rest) > min(len(ones), len(others)):
        lengths = f"{len(ones)}, {len(others)} and {len(rest)} members"
        raise ValueError(f"lists of {lengths} are combined in turn; the third may not be the longest: put it first")
    places = [(i, (i + turn) % len(others)) for turn in range(len(others)) for i in range(len(ones))]
    return [(ones[i], others[j], rest[(i + j) % len(rest)]) for i, j in places]


def in_rounds(ones: Sequence, others: Sequence) -> list[tuple]:
    """Return all pairs of two lists; in each round every member of the first stands once, beside another one."""
    return [(one, other) for one, other, _ in in_turn(ones, others, [None])]
