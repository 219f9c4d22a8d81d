"""L15: batch norm costs nothing at test time, folded into the layer before it."""

import numpy as np
import pytest

pytestmark = pytest.mark.essential("what the lecture is about")

GRID = """
[[study]]
kind = "folding"
dataset = "digits"
width = [32, 64]
depth = 5
init = "kaiming"
activation = ["tanh", "relu"]
lr = 0.1
batch_size = 64
steps = 20
seed = [0, 1, 2]

[[study]]
kind = "folding"
dataset = "digits"
network = "conv(dense=1)"
width = 8
depth = 3
init = "kaiming"
activation = "relu"
lr = 0.1
batch_size = 64
steps = 20
seed = [0, 1, 2]
"""
EPS32 = float(np.finfo(np.float32).eps)


def test_l15_folding_changes_nothing_beyond_rounding(lecture):
    found = lecture.lecture_15_folding().df()
    assert len(found) == 2 * 2 + 1
    # A relative rounding error for each of the products and sums of six layers.
    assert (found["difference"] < 6 * 8 * EPS32).all()
    times = found[["unfolded_ms", "folded_ms", "without_ms", "folded_to_without", "unfolded_to_without"]]
    assert (times.to_numpy() > 0).all()
