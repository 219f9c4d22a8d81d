"""A small real store, made by the engine once, that all tests of the pages read."""

import os

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several workers share the cores: with threads of their own for every product they would stand in each other's way.
    os.environ["OMP_NUM_THREADS"] = "1"

# Ray, where it is installed, stays on the loopback and reports to nobody; it reads this when it is imported.
os.environ |= {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Whatever token lies in the home folder of whoever runs the tests.
    "RAY_AUTH_MODE": "disabled",
}

GRID = """
[[study]]
kind = "propagation"
width = 64
depth = 12
batch_size = 16
init = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip"]
activation = ["tanh", "relu"]
norm = ["none", "batch"]
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = 32
depth = [2, 6]
init = ["xavier", "kaiming"]
activation = "relu"
norm = ["none", "batch"]
lr = [0.1, 1000.0]
batch_size = 64
steps = 40
seed = [0, 1]
"""


def pytest_collection_modifyitems(items):
    """Begin with the files that take long."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def filled_store(tmp_path_factory):
    """Path of a store with propagation and training cells, some of them diverged."""
    from goldilocks import engine

    path = tmp_path_factory.mktemp("dashboard") / "grid.duckdb"
    engine.run(engine.Grid.from_toml(GRID, "dashboard"), path)
    return path
