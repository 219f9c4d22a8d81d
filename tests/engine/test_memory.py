"""What the planner predicts beside what a process really takes, each batch in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GRIDS = {
    "wide": 'kind = "propagation"\nwidth = 4096\ndepth = 6\nbatch_size = 16\n'
    'init = ["normal(std=0.01)", "xavier", "kaiming"]\nactivation = ["tanh", "relu"]\nnorm = ["none", "batch"]',
    "many rows": 'kind = "propagation"\nwidth = 512\ndepth = 2\nbatch_size = 256\nseed = 0\n'
    'init = ["zeros", "xavier", "kaiming", "kaiming_slip", "torch_default"]\n'
    'activation = ["tanh", "relu", "linear", "sigmoid"]\nnorm = ["none", "batch"]',
    "deep": 'kind = "propagation"\nwidth = 512\ndepth = 20\nbatch_size = 256\n'
    'init = ["xavier", "kaiming"]\nactivation = ["tanh", "relu", "gelu", "linear"]\nnorm = ["none", "batch"]',
    "orthogonal": 'kind = "propagation"\nwidth = 3072\ndepth = 2\nbatch_size = 16\n'
    'init = "orthogonal"\nactivation = "tanh"',
    "residual": 'kind = "propagation"\nnetwork = "residual_mlp"\nwidth = 512\ndepth = 10\nbatch_size = 256\n'
    'init = ["xavier", "kaiming"]\nactivation = ["tanh", "relu", "gelu", "linear"]\nnorm = ["none", "batch"]',
    "images": 'kind = "propagation"\nnetwork = "conv"\nwidth = 16\ndepth = 6\nbatch_size = 64\n'
    'init = ["xavier", "kaiming", "orthogonal"]\nactivation = ["tanh", "relu", "gelu"]\nnorm = ["none", "batch"]',
    "small networks": 'kind = "training"\ndataset = "digits"\ninit = ["xavier", "kaiming"]\nactivation = "relu"\n'
    'norm = "batch"\nwidth = 64\ndepth = 20\nlr = [0.1, 0.2, 0.3, 0.4]\nseed = [0, 1, 2, 3, 4, 5, 6]\n'
    "batch_size = 64\nsteps = 10",
    "linear classifier": 'kind = "preprocessing"\ndataset = "fashion-small"\npreprocessing = "whiten"',
    "simulated networks": 'kind = "mean_field"\nsimulate = "yes"\nwidth = 512\ndepth = 100\nactivation = "tanh"\n'
    'init = "mean_field(weight_variance=[0.5, 1, 1.5, 2, 3], bias_variance=[0.05, 0.2])"',
    "symmetry": 'kind = "symmetry"\ndataset = "digits"\ninit = ["zeros", "xavier"]\nactivation = "tanh"\n'
    "width = 512\ndepth = 10\nbatch_size = 64\nsteps = 1\nseed = 0",
    "residual training": 'kind = "training"\nnetwork = "residual_mlp(branch=\'zero\')"\ndataset = "digits"\n'
    'init = "kaiming"\nactivation = "relu"\nnorm = "batch"\nwidth = 64\ndepth = 20\nlr = [0.1, 0.2, 0.3, 0.4]\n'
    "seed = [0, 1, 2, 3, 4, 5, 6]\nbatch_size = 64\nsteps = 10",
    "convolutions on clothing": 'kind = "training"\nnetwork = "conv(dense=1, dense_width=64)"\nwidth = 16\ndepth = 4\n'
    'dataset = "fashion-small"\ninit = "kaiming"\nactivation = "relu"\nnorm = "batch"\nlr = [0.1, 0.2]\n'
    "batch_size = 128\nsteps = 3",
    "wide with Adam": 'kind = "training"\ndataset = "fashion-small"\ninit = "kaiming"\nactivation = "relu"\n'
    'optimizer = "adam"\nwidth = 512\ndepth = 5\nlr = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]\nbatch_size = 128\nsteps = 3',
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("name", GRIDS)
def test_the_predicted_peak_is_within_a_quarter_of_the_measured_one(name, tmp_path):
    grid = f'name = "memory"\n[[study]]\n{GRIDS[name]}\n'
    # No fork: it shares memory with the process that it was forked from.
    command = [sys.executable, "-m", "tests.engine.peak", grid, str(tmp_path / "grid.duckdb")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["failed"] == 0
    assert found["predicted"] == pytest.approx(found["measured"], rel=0.25), found
