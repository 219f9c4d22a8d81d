"""L2: units that begin alike stay alike."""

import pytest

pytestmark = pytest.mark.essential("what the lecture is about")

GRID = """
[[study]]
kind = "symmetry"
dataset = "digits"
width = 32
depth = 1
init = ["zeros", "constant(value=0.1)", "xavier"]
activation = ["tanh", "relu", "sigmoid"]
batch_size = 64
seed = [0, 1, 2]
"""
SEEDS = 3


def test_l2_units_that_begin_alike_stay_alike_and_those_of_zeros_do_not_move(lecture):
    found = lecture.lecture_02_symmetry().df().set_index(["init", "activation"])
    assert len(found) == 9
    for (init, activation), row in found.iterrows():
        assert row.seeds == SEEDS
        alike = init != "xavier"
        assert (row.distinct_before_low, row.distinct_before_high) == ((1, 1) if alike else (row.units, row.units))
        assert (row.distinct_after_low, row.distinct_after_high) == ((1, 1) if alike else (row.units, row.units))
        assert row.distinct_gradients == (1 if alike else row.units)
        if init == "zeros":
            assert row.gradient_norm == 0
            # σ(0) = 1/2, so with the sigmoid the read-out learns and then moves the layer below: all units alike.
            assert (row.weight_change == 0) == (activation != "sigmoid")
            assert row.accuracy_high < 0.15
        if alike:
            assert row.accuracy_high < found.loc["xavier", activation].accuracy_low - 0.5
