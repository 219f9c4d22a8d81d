"""The map begins without holes where it can: with the rows that were measured in the most columns."""

import pandas as pd
import pytest

from goldilocks.dashboard.views.trainability_map import Map, _whole_rows

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
def test_first_are_the_rows_with_the_most_tiles(tiles, whole, monkeypatch):
    rows = [{"x": str(x), "y": y} for y, columns in tiles.items() for x in columns]
    monkeypatch.setattr(Map, "tiles", lambda self: pd.DataFrame(rows, columns=["x", "y"]))
    assert _whole_rows(Map("share_that_train", "depth", "init", "mean", {"init": ROWS})) == whole


def test_rows_of_numbers_are_found_by_their_text(monkeypatch):
    rows = pd.DataFrame({"x": ["a", "b", "a", "b", "a"], "y": ["0.1", "0.1", "1e-05", "1e-05", "1.0"]})
    monkeypatch.setattr(Map, "tiles", lambda self: rows)
    assert _whole_rows(Map("share_that_train", "init", "lr", "mean", {"lr": [1e-05, 0.1, 1.0]})) == [1e-05, 0.1]
