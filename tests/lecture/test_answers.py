"""Every row of the lecture has a named query, and every answer its uncertainty."""

import pytest

from goldilocks import store

ROWS = [f"lecture_{row:02d}" for row in range(1, 18)]


@pytest.mark.parametrize("row", [*ROWS, "assignment_2"])
def test_every_row_has_a_query(row):
    assert any(name.startswith(row) for name in store.queries.all())


@pytest.mark.parametrize(
    "name", [name for name in store.queries.all() if name.startswith(("lecture_", "assignment_2"))]
)
def test_every_answer_has_an_interval(filled_store, name):
    with store.open(filled_store) as handle:
        columns = handle.named(name).columns
    low = {column.removesuffix("_low") for column in columns if column.endswith("_low")}
    assert low == {column.removesuffix("_high") for column in columns if column.endswith("_high")}
    assert low or [column for column in columns if column.endswith("margin")]
