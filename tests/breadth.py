"""Which tests run every time, and which only with `--thorough`.

A test that takes longer than `durations.DEAR` waits for `make thorough`, unless it is marked:
`@pytest.mark.essential("kills and full disks are tried nowhere else")`.

A case that shows nothing new beside those that run every time is marked `thorough`: it waits, however cheap it is. A
whole test is marked the same way, with the reason why nothing is missed without it:
`@pytest.mark.thorough("the pipeline is tested by test_run; here in a process of its own")`.
"""

from collections.abc import Iterable, Sequence

import pytest

from tests import durations

THOROUGH = "all others run with --thorough"


def each_member(cases: Iterable[Sequence]) -> list:
    """Mark the cases in which no member stands that was not in an earlier one at the same place.

    Args:
        cases: what a test is parametrized with, tuples of members.

    Returns:
        All cases, in their order.
    """
    seen: set[tuple[int, str]] = set()
    marked = []
    for case in cases:
        members = {(place, repr(member)) for place, member in enumerate(case)}
        marked.append(_marked(case, kept=not members <= seen))
        seen |= members
    return marked


def few(cases: Iterable, most: int) -> list:
    """Mark all but so many cases, spread evenly over their list, the first and the last among those that stay.

    Args:
        cases: what a test is parametrized with.
        most: how many run every time.

    Returns:
        All cases, in their order.
    """
    found = list(cases)
    most = min(most, len(found))
    kept = {round(place * (len(found) - 1) / max(most - 1, 1)) for place in range(most)}
    return [_marked(case, kept=place in kept) for place, case in enumerate(found)]


def only(cases: Iterable, *kept) -> list:
    """Mark all cases but those that are named.

    Args:
        cases: what a test is parametrized with.
        kept: those that run every time.

    Returns:
        All cases, in their order.

    Raises:
        ValueError: one that is named is none of them.
    """
    found = list(cases)
    if missing := [case for case in kept if case not in found]:
        raise ValueError(f"no such case: {missing}")
    return [_marked(case, kept=case in kept) for case in found]


def is_thorough(item: pytest.Item) -> bool:
    """Return whether a test runs only with `--thorough`.

    Raises:
        ValueError: its mark has no reason.
    """
    thorough, essential = (_reason(item, name) for name in ("thorough", "essential"))
    return thorough or (durations.is_dear(item.nodeid) and not essential)


def _reason(item, name):
    mark = item.get_closest_marker(name)
    if mark is not None and not mark.args:
        raise ValueError(f'{item.nodeid}: say why: @pytest.mark.{name}("...")')
    return mark is not None


def _marked(case, kept):
    if kept:
        return case
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.thorough(THOROUGH))
