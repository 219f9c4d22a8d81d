"""A store with a few small cells of every study that has a page."""

import pytest

GRID = """
[[study]]
kind = "preprocessing"
dataset = ["cloud", "digits"]
preprocessing = ["raw", "center", "whiten"]
steps = 5
directions = 4

[[study]]
kind = "symmetry"
dataset = "digits"
width = 8
depth = 2
init = ["zeros", "xavier"]
activation = "tanh"
batch_size = 16
steps = 5

[[study]]
kind = "mean_field"
init = "mean_field(weight_variance=[0.5, 1.5, 3], bias_variance=[0, 0.1])"
activation = ["tanh", "relu"]
depth = 6
width = 32
batch_size = 8
simulate = ["no", "yes"]

[[study]]
kind = "deep_bn"
init = "kaiming"
activation = ["tanh", "relu"]
norm = ["none", "batch"]
depth = [4, 8]
width = 16
batch_size = 8
seed = [0, 1]

[[study]]
kind = "batch_norm_layer"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = ["tanh", "relu"]
norm = "batch"
batch_size = 16
lr = 0.1
steps = 6
seed = [0, 1]

[[study]]
kind = "discrepancy"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
batch_size = [16, 64]
lr_per_example = 0.002
epochs = 1
seed = [0, 1]

[[study]]
kind = "folding"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = "relu"
norm = "batch"
batch_size = 16
lr = 0.1
steps = 6
seed = [0, 1]

[[study]]
kind = "propagation"
width = 32
depth = 4
batch_size = 8
init = ["xavier", "kaiming", "normal(std=0.2)"]
activation = ["tanh", "relu"]
"""


@pytest.fixture(scope="session")
def studied_store(tmp_path_factory):
    """Path of a store with cells of every study that measures quantities of its own."""
    import engine

    path = tmp_path_factory.mktemp("studied") / "grid.duckdb"
    summary = engine.run(engine.Grid.from_toml(GRID, "studied"), path)
    assert not summary["cells_failed"]
    return path
