"""L16: batch norm behaves differently in training and testing."""

import numpy as np

from tests.lecture.discrepancies import series
from tests.lecture.findings import finding

pytestmark = finding("both modes in the smallest batches are in test_claims_in_small")
GRID = """
[[study]]
kind = "discrepancy"
dataset = "digits"
width = 64
depth = 5
init = "kaiming"
activation = "relu"
norm = "batch"
lr_per_example = 0.001
epochs = 10
batch_size = [8, 32, 128]
seed = [0, 1, 2, 3, 4]
"""


def test_l16_small_batches_cost_accuracy_in_the_wrong_mode(lecture):
    found = lecture.lecture_16_train_and_test().df().set_index("batch_size")
    right, wrong = (
        series(lecture, "mode_accuracy", "running statistics"),
        series(lecture, "mode_accuracy", "batch statistics"),
    )
    assert ((right - wrong)[0] > 0.03).all()
    assert found["cost"].is_monotonic_decreasing
    assert abs(found.loc[128, "cost"]) < 0.03


def test_l16_batches_of_one_class_ruin_it(lecture):
    mixed, one_class = (series(lecture, "mode_accuracy", f"batch statistics{kind}") for kind in ("", ", sorted"))
    assert (one_class[0] < 0.3).all()
    assert (mixed[0] - one_class[0] > 0.4).all()


def test_l16_a_batchs_mean_is_as_far_from_the_running_one_as_sampling_makes_it(lecture):
    distance = series(lecture, "mean_distance", "layer 1")
    # Variance 1/B of a batch's mean, and m/(2 − m) of that for the running one, which is a mean over past batches.
    predicted = np.sqrt((1 + 0.1 / 1.9) / np.array([8, 32]))
    np.testing.assert_allclose(distance[:2].mean(1), predicted, rtol=0.2)
