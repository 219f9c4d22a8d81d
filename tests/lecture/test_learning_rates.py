"""L12: batch norm allows higher learning rates and faster convergence."""

import numpy as np

from tests.lecture.findings import finding

GRID = """
[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = 20
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr = [0.003, 0.03, 0.1, 0.3, 1.0, 10.0]
batch_size = 64
steps = 200
seed = [0, 1, 2]
"""
SEEDS = 3
pytestmark = finding("two rates with and without batch norm are in test_claims_in_small")


def learning_rates(lecture, **values):
    """Return L12's table for 20 layers of ReLU by normalization; NaN where no seed trains at any rate."""
    found = lecture.lecture_12_learning_rates(**values).df().set_index(["activation", "depth", "norm"])
    return found.loc[("relu", 20)].astype(float)


def test_l12_batch_norm_allows_higher_rates_and_learns_faster(lecture):
    found = learning_rates(lecture)
    none, batch = found.loc["none"], found.loc["batch"]
    assert none.seeds == batch.seeds == SEEDS
    assert not none.largest_rate_high > batch.largest_rate_low / 3
    assert batch.best_rate >= 3 * none.best_rate
    assert batch.accuracy > none.accuracy + 0.05
    sooner = learning_rates(lecture, fast=0.7)
    assert not sooner.steps_low["none"] <= 1.5 * sooner.steps_high["batch"]


def test_l12_largest_rate_is_the_largest_that_trains(lecture):
    rows = lecture.query(
        "SELECT * FROM outcomes WHERE depth = 20 AND init = 'kaiming' AND dataset = 'digits' AND activation = 'relu'"
    ).df()
    found = learning_rates(lecture)
    for norm, cells in rows.groupby("norm"):
        largest = cells[cells.trains].groupby("seed").lr.max()
        expected = [largest.median(), largest.min(), largest.max()]
        np.testing.assert_equal(
            found.loc[norm][["largest_rate", "largest_rate_low", "largest_rate_high"]].to_list(), expected
        )
