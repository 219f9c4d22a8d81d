"""Stores with a few small cells of every study that has a page."""

import pytest

from tests.dashboard.opening import STORES

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
norm = ["none", "layer"]
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
TRANSFER = """
[[study]]
kind = "transfer_source"
network = "conv(strided=2, dense=2, dense_width=8)"
width = 4
depth = 4
init = "kaiming"
activation = "relu"
optimizer = "momentum"
lr = 0.02
batch_size = 8
steps = 2
seed = [0, 1]

[[study]]
kind = "transfer"
network = "conv(strided=2, dense=2, dense_width=8)"
dataset = ["fashion-target", "digits-28"]
source_lr = 0.02
source_steps = 2
scheme = ["scratch", "last_layer", "dense_layers", "fine_tune"]
per_class = [2, 5]
width = 4
depth = 4
init = "kaiming"
activation = "relu"
lr = 0.02
batch_size = 8
steps = 2
seed = [0, 1]
"""

# Small networks that the named queries of all rows find with their defaults.
LECTURE = """
[[study]]
kind = "propagation"
width = 32
depth = 6
batch_size = 8
init = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip"]
activation = ["tanh", "relu"]
norm = ["none", "batch"]
seed = [0, 1]

[[study]]
kind = "propagation"
network = "conv"
width = 64
depth = 8
batch_size = 8
init = ["xavier", "xavier_channels"]
activation = "tanh"
seed = [0, 1]

[[study]]
kind = "preprocessing"
dataset = "digits"
preprocessing = ["raw", "whiten"]
steps = 2
directions = 4
seed = [0, 1]

[[study]]
kind = "symmetry"
dataset = "digits"
width = 8
depth = 1
init = ["zeros", "xavier"]
activation = "tanh"
batch_size = 16
steps = 5
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [2, 20]
init = ["zeros", "normal(std=[0.001, 0.05, 0.1, 1])", "xavier", "kaiming"]
activation = "relu"
norm = ["none", "batch"]
lr = 0.1
batch_size = 64
steps = 40
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = 64
depth = [2, 5]
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr = [0.01, 0.03, 0.1, 0.3, 1.0]
batch_size = 64
steps = 40
seed = [0, 1]

[[study]]
kind = "batch_norm_layer"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = ["tanh", "relu"]
batch_size = 16
lr = 0.1
steps = 5
seed = [0, 1]

[[study]]
kind = "discrepancy"
dataset = "digits"
width = [8, 9]
depth = 1
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
batch_size = [8, 32, 128]
lr_per_example = 0.002
epochs = 1
seed = [0, 1, 100, 101]

[[study]]
kind = "folding"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = "relu"
batch_size = 16
lr = 0.1
steps = 5
seed = [0, 1]

[[study]]
kind = "transfer"
network = "conv(strided=2, dense=1, dense_width=4)"
dataset = ["fashion-target", "digits-28"]
source_lr = 0.02
source_steps = 2
scheme = ["scratch", "last_layer", "dense_layers", "fine_tune"]
per_class = [5, 100]
width = 2
depth = 3
init = "kaiming"
activation = "relu"
lr = 0.02
batch_size = 8
steps = 2
seed = [0, 1]
"""


@pytest.fixture(scope="session")
def studied_store(tmp_path_factory):
    """Path of a store with cells of every study that measures quantities of its own, but transfer."""
    return _computed(GRID, tmp_path_factory.mktemp("studied"))


@pytest.fixture(scope="session")
def transferred_store(tmp_path_factory):
    """Path of a store with source networks and their transfer."""
    return _computed(TRANSFER, tmp_path_factory.mktemp("transferred"))


@pytest.fixture(scope="session")
def lecture_store(tmp_path_factory):
    """Path of a store with a little on every row of the lecture."""
    return _computed(LECTURE, tmp_path_factory.mktemp("lecture"))


@pytest.fixture
def store_of(request):
    """What gives the path of the store whose cells a page is about."""
    return lambda page: request.getfixturevalue(STORES.get(page, "filled_store"))


def _computed(grid, folder):
    from goldilocks import engine

    with pytest.MonkeyPatch.context() as patch:
        # Source networks are kept there.
        patch.setenv("GOLDILOCKS_DATA", str(folder / "data"))
        summary = engine.run(engine.Grid.from_toml(grid, folder.name), folder / "grid.duckdb")
    assert not summary["cells_failed"]
    return folder / "grid.duckdb"
