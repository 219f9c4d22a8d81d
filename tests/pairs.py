"""Members beside members: every pair, without every combination of all."""

from collections.abc import Sequence


def in_turn(ones: Sequence, others: Sequence, rest: Sequence) -> list[tuple]:
    """Return combinations of three lists in which every two members of different lists meet.

    The two longer lists are combined in full, and take the members of the third in turn: number (i + j) mod n.

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
    return [(one, other, rest[(i + j) % len(rest)]) for i, one in enumerate(ones) for j, other in enumerate(others)]
