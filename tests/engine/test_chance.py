"""What guessing gives is measured on the data: the share of the most frequent class of the test split."""

import numpy as np
import pytest

from goldilocks import engine, store
from goldilocks.engine.data.base import datasets

GRID = """
[[study]]
kind = "training"
dataset = ["digits", "cloud", "fashion-target"]
width = 8
depth = 1
init = "kaiming"
activation = "relu"
lr = 0.1
batch_size = 32
steps = 1
"""


def test_a_trained_cell_says_what_guessing_gives(tmp_path):
    engine.run(engine.Grid.from_toml(GRID, "chance"), tmp_path / "grid.duckdb")
    with store.open(tmp_path / "grid.duckdb") as opened:
        found = dict(opened.query("SELECT dataset, chance FROM outcomes").fetchall())
    expected = {}
    for name in ("digits", "cloud", "fashion-target"):
        labels = datasets.parse(name).load().test_y
        expected[name] = pytest.approx(max(np.mean(labels == one) for one in set(labels.tolist())))
    assert found == expected
    assert 0.1 < found["digits"] < 0.11
    assert 0.45 < found["cloud"] < 0.6
    assert 0.19 < found["fashion-target"] < 0.22
