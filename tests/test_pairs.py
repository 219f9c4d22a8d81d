"""Lists that are combined in turn leave out no pair."""

from itertools import combinations

import pytest

from tests.pairs import in_turn


@pytest.mark.parametrize("sizes", [(20, 16, 5), (16, 5, 5), (3, 3, 3), (4, 6, 2), (2, 1, 1)])
def test_every_two_members_of_different_lists_meet(sizes):
    found = in_turn(*(range(size) for size in sizes))
    assert len(found) == sizes[0] * sizes[1]
    for one, other in combinations(range(3), 2):
        assert len({(row[one], row[other]) for row in found}) == sizes[one] * sizes[other]


@pytest.mark.parametrize("sizes", [(20, 16, 5), (16, 5, 5), (3, 3, 3), (4, 6, 2)])
def test_the_first_rounds_show_every_member_of_all_lists(sizes):
    """So few cases are enough where each member is to be seen once, and none stands beside one other member alone."""
    found = in_turn(*(range(size) for size in sizes))
    for place, size in enumerate(sizes):
        assert {row[place] for row in found[: 2 * max(sizes)]} == set(range(size))
    assert all(
        len({row[0] for row in found[start : start + sizes[0]]}) == sizes[0] for start in range(0, len(found), sizes[0])
    )


@pytest.mark.parametrize("sizes", [(2, 3, 3), (3, 2, 3)])
def test_where_they_would_not_it_is_refused(sizes):
    with pytest.raises(ValueError, match="put it first"):
        in_turn(*(range(size) for size in sizes))
