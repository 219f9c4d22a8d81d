"""L4, L5, L7 and L8: too small, too big, the wrong gain, and the right one."""

import math

import numpy as np
import pytest

# Widths are a quarter of the lecture's and fixed scales twice its, so that std·√width is the same.
TOO_SMALL, TOO_BIG = "normal(std=0.02)", "normal(std=0.1)"
SIGNAL = {"width": 1024, "depth": 6, "batch_size": 16}
SEEDS = 3
GRID = """
[[study]]
kind = "propagation"
width = 1024
depth = 6
batch_size = 16
init = ["normal(std=0.02)", "normal(std=0.1)", "xavier", "kaiming"]
activation = ["tanh", "relu"]
seed = [0, 1, 2]

# So many layers of the notes' slip overflow float32 at this width.
[[study]]
kind = "propagation"
width = 128
depth = 24
batch_size = 16
init = ["kaiming_slip", "kaiming"]
activation = "relu"
seed = [0, 1, 2]
"""


def test_l4_too_small_activations_collapse(lecture):
    found = lecture.lecture_04_too_small(init=TOO_SMALL, **SIGNAL).df()
    assert (found.seeds == SEEDS).all()
    # Range against range: each layer lies below the one before it, by a third at least.
    assert (found["std_high"].to_numpy()[1:] < 0.67 * found["std_low"].to_numpy()[:-1]).all()
    assert found["std"].iloc[-1] == pytest.approx(found.theory_std.iloc[-1], rel=0.05)
    assert found.grad_rms_high.iloc[0] < 0.15 * found.grad_rms_low.iloc[-1]


def test_l5_too_big_tanh_saturates(lecture):
    big = lecture.lecture_05_too_big(init=TOO_BIG, **SIGNAL).df()
    right = lecture.lecture_05_too_big(init="xavier", **SIGNAL).df()
    assert (big.saturated_low > 0.35).all()
    assert (right.saturated_high < 0.15).all()
    assert (big["std"] > 0.8).all()


def test_l5_gradients_do_not_vanish_where_the_slide_says_so(lecture):
    # Documented, not as on the slide: though half of the units are saturated, the weights are so large that the
    # gradient grows on its way back (σw² E φ'² > 1): "local gradients vanish" holds, "all gradients vanish" does not.
    big = lecture.lecture_05_too_big(init=TOO_BIG, **SIGNAL).df()
    assert big.weight_grad_rms_low.iloc[0] > 3 * big.weight_grad_rms_high.iloc[-1]


def test_l7_relu_with_xavier_collapses(lecture):
    found = lecture.lecture_07_relu_xavier(**SIGNAL).df()
    # One layer's factor scatters by √(5/n)/2 from network to network (finite-width law), its mean by 1/√seeds of that.
    band = 4 * math.sqrt(5 / SIGNAL["width"]) / 2 / math.sqrt(SEEDS)
    np.testing.assert_allclose(found.factor[1:], 2**-0.5, rtol=band)
    assert found.std_high.iloc[-1] < 0.25 * found.std_low.iloc[0]
    assert math.isnan(found.factor.iloc[0])


def test_l8_kaiming_is_just_right_and_its_slip_overflows(lecture):
    found = lecture.lecture_08_kaiming(**SIGNAL).df()
    assert set(found.init) == {"kaiming"}
    assert set(found.verdict) == {"just right"}
    assert found["std"].max() / found["std"].min() < 1.2
    xavier = lecture.lecture_07_relu_xavier(**SIGNAL).df()
    assert found.std_low.iloc[-1] > 3 * xavier.std_high.iloc[-1]
    both = lecture.lecture_08_kaiming(width=128, depth=24).df().set_index(["init", "layer"])
    slip = both.loc["kaiming_slip"]
    assert set(slip.verdict) == {"diverged"}
    assert (slip.overflowed.iloc[0], slip.overflowed.iloc[-1]) == (0, SEEDS)
    assert both.loc["kaiming"].overflowed.sum() == 0
    np.testing.assert_allclose(slip["std"].to_numpy()[1:6] / slip["std"].to_numpy()[:5], 128 / 2, rtol=0.25)
