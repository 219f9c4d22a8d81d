"""The map begins without holes where it can: with the rows that were measured in the most columns."""

import pandas as pd
import pytest

from goldilocks.dashboard import trains
from goldilocks.dashboard.cell_filters import whole_rows

ROWS = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("tiles", "whole"),
    [
        ({"a": [2, 5], "b": [2, 5], "c": [5]}, ["a", "b"]),
        ({"a": [2], "b": [5], "c": [5]}, ROWS),
        ({"a": [2, 5], "b": [2], "c": [5]}, []),
        ({}, []),
    ],
    ids=["two are whole", "all are alike", "one alone is no map", "nothing was measured"],
)
def test_first_are_the_rows_with_the_most_tiles(tiles, whole):
    rows = [{"x": str(x), "y": y} for y, columns in tiles.items() for x in columns]
    assert whole_rows(pd.DataFrame(rows, columns=["x", "y"]), ROWS) == whole


def test_rows_of_numbers_are_found_by_their_text():
    tiles = pd.DataFrame({"x": ["a", "b", "a", "b", "a"], "y": ["0.1", "0.1", "1e-05", "1e-05", "1.0"]})
    assert whole_rows(tiles, [1e-05, 0.1, 1.0]) == [1e-05, 0.1]


@pytest.mark.parametrize(
    ("share", "runs", "words"),
    [(2 / 3, 3, "2 of 3"), (0.0, 5, "0 of 5"), (0.125, 6, "12% of 6"), (float("nan"), 3, "–")],
)
def test_a_share_of_runs_is_a_count_where_it_is_one(share, runs, words):
    assert trains.counted(share, runs) == words
