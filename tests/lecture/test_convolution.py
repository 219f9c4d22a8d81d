"""L6: the fan-in of a convolution counts the whole filter."""

import pytest

pytestmark = pytest.mark.essential("what the lecture is about")

GRID = """
[[study]]
kind = "propagation"
network = "conv"
init = ["xavier", "xavier_channels", "kaiming", "kaiming_channels"]
activation = ["tanh", "relu"]
width = 32
depth = 8
batch_size = 8
seed = [0, 1, 2]
"""


def test_fan_in_counts_the_whole_filter(lecture):
    table = lecture.lecture_06_convolution(width=32).df().set_index(["activation", "init"])
    assert (table.seeds == 3).all()
    relu, tanh = table.loc["relu"], table.loc["tanh"]
    # The filter's side per layer: the same draws, three times as large in each of four ratios.
    assert relu.growth["kaiming_channels"] / relu.growth["kaiming"] == pytest.approx(3, rel=1e-3)
    assert relu.verdict["kaiming_channels"] == "too big"
    assert relu.growth_high["kaiming"] < 1.1
    # Tanh bounds the signal: what grows is the share of units that saturate.
    assert tanh.saturated_low["xavier_channels"] > 10 * max(tanh.saturated_high["xavier"], 0.01)
