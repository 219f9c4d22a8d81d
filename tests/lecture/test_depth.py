"""L3 and L10: small weights fail in deep networks, and batch norm makes deep networks trainable."""

import pytest
from scipy.stats import binomtest

from tests.lecture.findings import finding

GRID = """
[[study]]
kind = "propagation"
dataset = "digits"
preprocessing = "standardize"
width = 64
depth = [2, 10]
batch_size = 64
init = "normal(std=0.05)"
activation = ["tanh", "relu"]
seed = [0, 1, 2]

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [2, 10, 20]
init = ["normal(std=0.05)", "xavier", "kaiming"]
activation = "relu"
norm = ["none", "batch"]
lr = 0.1
batch_size = 64
steps = 200
seed = [0, 1, 2]

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [2, 10]
init = "normal(std=0.05)"
activation = "tanh"
lr = 0.1
batch_size = 64
steps = 200
seed = [0, 1, 2]
"""
SEEDS = 3
pytestmark = finding("a deep network with and without batch norm is in test_claims_in_small")


def test_l3_small_weights_work_in_shallow_networks_and_fail_in_deep_ones(lecture):
    found = lecture.lecture_03_depth().df().set_index(["activation", "depth"])
    for activation in ("tanh", "relu"):
        shallow, deep = found.loc[activation, 2], found.loc[activation, 10]
        assert (shallow.seeds, shallow.share_that_train, deep.share_that_train) == (SEEDS, 1, 0)
        assert shallow.accuracy_low > deep.accuracy_high + 0.7
        assert deep.last_std < 0.05 * shallow.last_std
        assert deep.gradient_ratio < 0.05 * shallow.gradient_ratio


def test_l10_batch_norm_makes_deep_networks_trainable(lecture):
    inits = ["normal(std=0.05)", "xavier", "kaiming"]
    found = lecture.lecture_10_depth_with_batch_norm(inits=inits).df().set_index(["activation", "norm"])
    none, batch = (found.loc[[("relu", norm)]].set_index("depth").loc[[2, 10, 20]] for norm in ("none", "batch"))
    assert (none.networks == len(inits) * SEEDS).all()
    assert (batch.networks == len(inits) * SEEDS).all()
    assert (batch.share_that_train >= none.share_that_train).all()
    # A seed of Kaiming gets half way.
    assert none.share_that_train[20] < 0.2
    assert batch.share_that_train[20] > 0.9
    assert batch.accuracy_low[20] > none.accuracy_high[20] + 0.1


def test_l10_interval_counts_seeds_and_not_networks(lecture):
    """Networks of one seed share their draws: five initializations of three seeds are not fifteen trials."""
    found = lecture.lecture_10_depth_with_batch_norm().df()
    assert (found.seeds == SEEDS).all()
    assert ((found.independent >= found.seeds) & (found.independent <= found.networks)).all()
    certain = found[found.share_that_train.isin([0, 1])]
    assert len(certain)
    for row in certain.itertuples():
        low, high = binomtest(round(row.share_that_train * SEEDS), SEEDS).proportion_ci(0.95, method="wilson")
        assert (row.share_low, row.share_high) == pytest.approx((low, high), abs=2e-4)
