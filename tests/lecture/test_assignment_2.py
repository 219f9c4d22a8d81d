"""The two experiments of CS231n's second assignment: weight scale and batch size, with and without batch norm."""

import math

import numpy as np
import pytest

from tests.lecture.findings import finding
from tests.lecture.presets import studies

GRID = """
[[study]]
kind = "training"
dataset = "fashion-1000"
preprocessing = "center"
width = 50
depth = 7
init = ["normal(std=0.0001)", "normal(std=0.01)", "normal(std=0.0464)", "normal(std=1)"]
activation = "relu"
norm = ["none", "batch"]
optimizer = "adam"
lr = 0.001
batch_size = 50
steps = 200
seed = [0, 1, 2]

[[study]]
kind = "training"
dataset = "fashion-1000"
preprocessing = "center"
width = 100
depth = 5
init = "normal(std=0.02)"
activation = "relu"
norm = ["none", "batch"]
optimizer = "adam"
lr = 0.000316
batch_size = 50
steps = 60
seed = [0, 1, 2]
"""
SEEDS = 3
FINDING = finding("the scale of the weights is in test_weight_scale")


@FINDING
def test_assignment_2_the_best_scale_matters_less_with_batch_norm(lecture):
    found = lecture.assignment_2_weight_scale().df().set_index(["norm", "scale"])
    none, batch = found.loc["none"], found.loc["batch"]
    assert list(none.index) == list(batch.index) == [0.0001, 0.01, 0.0464, 1.0]
    for scale in (0.0001, 0.01):
        # Without normalization the network stays at chance, at a loss of ln 10.
        assert none.final_train_loss[scale] == pytest.approx(math.log(10), abs=0.01)
        assert batch.best_test_accuracy_low[scale] > none.best_test_accuracy_high[scale] + 0.2
    assert batch.best_test_accuracy.max() - batch.best_test_accuracy.min() < none.best_test_accuracy.max() - 0.1
    assert none.final_train_loss[1.0] > 100 * batch.final_train_loss[1.0]


@FINDING
def test_assignment_2_batch_norm_learns_from_few_batches(lecture):
    found = lecture.assignment_2_batch_size().df().set_index(["norm", "batch_size"])
    batch, none = found.loc["batch", 50], found.loc["none", 50]
    assert batch.best_test_accuracy_low > none.best_test_accuracy_high + 0.2


def test_full_has_the_second_assignment_to_the_letter():
    scale = studies("full", "fashion-1000", "width = 50")
    stds = sorted({cell.init.std for cell in scale})
    np.testing.assert_allclose(stds, np.logspace(-4, 0, 20), rtol=5e-3)
    assert len(scale) == 20 * 2 * SEEDS
    for cell in scale:
        assert cell.dims == [784, *[50] * 7]
        assert (str(cell.optimizer), cell.lr, cell.batch_size, cell.steps) == ("adam", 1e-3, 50, 10 * 1000 // 50)
    sizes = studies("full", "fashion-1000", "width = 100")
    assert len(sizes) == 3 * 2 * SEEDS
    assert {(cell.batch_size, cell.steps) for cell in sizes} == {(b, 10 * 1000 // b) for b in (5, 10, 50)}
    assert all(cell.dims == [784, *[100] * 5] for cell in sizes)
