"""L13: batch norm is robust to the scale of the weights."""

GRID = """
[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = 5
init = "normal(std=[0.001, 0.01, 0.05, 0.1, 0.3, 1, 10])"
activation = "relu"
norm = ["none", "batch"]
lr = 0.1
batch_size = 64
steps = 200
seed = [0, 1, 2]
"""
SEEDS = 3


def test_l13_batch_norm_is_robust_to_the_scale_of_the_weights(lecture):
    found = lecture.lecture_13_weight_scale().df().set_index(["activation", "depth", "norm"])
    none, batch = found.loc["relu", 5, "none"], found.loc["relu", 5, "batch"]
    assert none.seeds == batch.seeds == SEEDS
    assert none.scales == batch.scales == 7
    assert batch.trained_low >= none.trained_high + 3
    assert batch.decades_low >= none.decades_high + 1.5
    assert batch.smallest_scale == 0.001
    assert batch.accuracy > none.accuracy + 0.3
