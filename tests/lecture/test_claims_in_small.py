"""L3, L10, L12 and L16 on the fewest networks that show them; larger ones are in the files of the claims."""

import pytest

from tests.lecture.discrepancies import series

pytestmark = pytest.mark.essential("what the lecture is about")

GRID = """
[[study]]
kind = "propagation"
dataset = "digits"
preprocessing = "standardize"
width = 64
depth = [2, 10]
batch_size = 64
init = "normal(std=0.05)"
activation = "relu"
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [2, 10]
init = "normal(std=0.05)"
activation = "relu"
norm = ["none", "batch"]
lr = 0.1
batch_size = 64
steps = 200
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = 10
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr = [0.1, 1.0]
batch_size = 64
steps = 200
seed = [0, 1]

[[study]]
kind = "discrepancy"
dataset = "digits"
width = 64
depth = 5
init = "kaiming"
activation = "relu"
norm = "batch"
lr_per_example = 0.001
epochs = 2
batch_size = 8
seed = [0, 1]
"""
SEEDS = 2


def test_l3_small_weights_work_in_a_shallow_network_and_fail_in_a_deep_one(lecture):
    found = lecture.lecture_03_depth().df().set_index(["activation", "depth"])
    shallow, deep = found.loc["relu", 2], found.loc["relu", 10]
    assert (shallow.seeds, shallow.share_that_train, deep.share_that_train) == (SEEDS, 1, 0)
    assert shallow.accuracy_low > deep.accuracy_high + 0.7
    assert deep.last_std < 0.05 * shallow.last_std
    assert deep.gradient_ratio < 0.05 * shallow.gradient_ratio


def test_l10_batch_norm_makes_a_deep_network_trainable(lecture):
    found = lecture.lecture_10_depth_with_batch_norm(inits=["normal(std=0.05)"]).df()
    share = found.set_index(["norm", "depth"]).share_that_train
    assert (share["none", 10], share["batch", 10]) == (0, 1)
    assert share["none", 2] == share["batch", 2] == 1


def test_l12_with_batch_norm_a_higher_rate_trains(lecture):
    found = lecture.lecture_12_learning_rates(rates=2).df().set_index(["activation", "depth", "norm"])
    largest = found.loc["relu", 10].largest_rate
    assert (largest["none"], largest["batch"]) == pytest.approx((0.1, 1.0))


def test_l16_small_batches_cost_accuracy_in_the_wrong_mode_and_batches_of_one_class_ruin_it(lecture):
    right, wrong, one_class = (
        series(lecture, "mode_accuracy", statistics)[0]
        for statistics in ("running statistics", "batch statistics", "batch statistics, sorted")
    )
    assert (right - wrong > 0.03).all()
    assert (one_class < 0.3).all()
    assert (wrong - one_class > 0.4).all()
