"""What the planner predicts beside what a process really takes, each grid in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.breadth import only

ROOT = Path(__file__).parents[2]
GRIDS = {
    "wide": 'kind = "propagation"\nwidth = 4096\ndepth = 6\nbatch_size = 16\n'
    'init = ["normal(std=0.01)", "xavier", "kaiming"]\nactivation = ["tanh", "relu"]\nnorm = ["none", "batch"]',
    "many rows": 'kind = "propagation"\nwidth = 512\ndepth = 2\nbatch_size = 256\nseed = 0\n'
    'init = ["zeros", "xavier", "kaiming", "kaiming_slip", "torch_default"]\n'
    'activation = ["tanh", "relu", "linear", "sigmoid"]\nnorm = ["none", "batch"]',
    "deep": 'kind = "propagation"\nwidth = 512\ndepth = 20\nbatch_size = 256\n'
    'init = ["xavier", "kaiming"]\nactivation = ["tanh", "gelu"]\nnorm = ["none", "batch"]',
    "orthogonal": 'kind = "propagation"\nwidth = 2560\ndepth = 1\nbatch_size = 16\n'
    'init = "orthogonal"\nactivation = "tanh"',
    "residual": 'kind = "propagation"\nnetwork = "residual_mlp"\nwidth = 512\ndepth = 10\nbatch_size = 256\n'
    'init = ["xavier", "kaiming"]\nactivation = ["tanh", "relu", "gelu", "linear"]\nnorm = ["none", "batch"]',
    "images": 'kind = "propagation"\nnetwork = "conv"\nwidth = 16\ndepth = 6\nbatch_size = 64\n'
    'init = ["xavier", "kaiming", "orthogonal"]\nactivation = ["tanh", "relu", "gelu"]\nnorm = ["none", "batch"]',
    "small networks": 'kind = "training"\ndataset = "digits"\ninit = ["xavier", "kaiming"]\nactivation = "relu"\n'
    'norm = "batch"\nwidth = 64\ndepth = 20\nlr = [0.1, 0.2, 0.3, 0.4]\nseed = [0, 1, 2, 3, 4, 5, 6]\n'
    "batch_size = 64\nsteps = 2",
    "linear classifier": 'kind = "preprocessing"\ndataset = "fashion-small"\npreprocessing = "whiten"\n'
    "steps = 20\ndirections = 20",
    "simulated networks": 'kind = "mean_field"\nsimulate = "yes"\nwidth = 512\ndepth = 20\nactivation = "tanh"\n'
    'init = "mean_field(weight_variance=[0.5, 1, 1.5, 2, 3], bias_variance=[0.05, 0.2])"',
    "symmetry": 'kind = "symmetry"\ndataset = "digits"\ninit = ["zeros", "xavier"]\nactivation = "tanh"\n'
    "width = 512\ndepth = 5\nbatch_size = 64\nsteps = 1\nseed = 0",
    "residual training": 'kind = "training"\nnetwork = "residual_mlp(branch=\'zero\')"\ndataset = "digits"\n'
    'init = "kaiming"\nactivation = "relu"\nnorm = "batch"\nwidth = 64\ndepth = 20\nlr = [0.1, 0.2, 0.3, 0.4]\n'
    "seed = [0, 1, 2, 3, 4, 5, 6]\nbatch_size = 64\nsteps = 2",
    "convolutions on clothing": 'kind = "training"\nnetwork = "conv(dense=1, dense_width=64)"\nwidth = 16\ndepth = 4\n'
    'dataset = "fashion-small"\ninit = "kaiming"\nactivation = "relu"\nnorm = "batch"\nlr = [0.1, 0.2]\n'
    "batch_size = 128\nsteps = 1",
    "wide with Adam": 'kind = "training"\ndataset = "fashion-small"\ninit = "kaiming"\nactivation = "relu"\n'
    'optimizer = "adam"\nwidth = 512\ndepth = 5\nlr = [0.1, 0.2, 0.3]\nbatch_size = 128\nsteps = 1',
}
# The kind of grid that most people run.
USUAL = "small networks"


@pytest.fixture(scope="module")
def computing():
    """A process that computes a grid in a fork of its own: one of the tests' would share what these have loaded."""
    command = [sys.executable, "-m", "tests.engine.peak"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.essential("nowhere else is a peak measured")
@pytest.mark.parametrize("name", only(GRIDS, USUAL))
def test_the_predicted_peak_is_within_a_quarter_of_the_measured_one(name, computing, tmp_path):
    grid = f'name = "memory"\n[[study]]\n{GRIDS[name]}\n'
    print(json.dumps([grid, str(tmp_path / "grid.duckdb")]), file=computing.stdin, flush=True)
    found = json.loads(computing.stdout.readline())
    assert found["failed"] == 0, found
    assert found["predicted"] == pytest.approx(found["measured"], rel=0.25), found
