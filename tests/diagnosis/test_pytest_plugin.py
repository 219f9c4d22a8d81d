"""The fixture `signal` in a test file of a user's."""

import os
from pathlib import Path

from tests import warm

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest
import torch
from torch import nn

def plain(gain):
    def make():
        layers = [part for _ in range(10) for part in (nn.Linear(64, 64, bias=False), nn.ReLU())]
        for layer in layers[::2]:
            nn.init.normal_(layer.weight, std=gain / 8)
        return nn.Sequential(*layers)
    return make

def test_kaiming(signal):
    signal.assert_preserved(plain(2**0.5), "64x64", seeds=3)
    signal.assert_healthy(plain(2**0.5), "64x64", seeds=2)

def test_too_small(signal):
    with pytest.raises(AssertionError, match="the forward rate is 0.3"):
        signal.assert_preserved(plain(0.5), "64x64", seeds=3)
    signal.assert_preserved(plain(0.5), "64x64", forward=(0.3, 0.45), backward=(0.3, 0.45), seeds=3)
    with pytest.raises(AssertionError, match="forward_rate"):
        signal.assert_healthy(plain(0.5), "64x64", seeds=2)

def saturated():
    layers = [part for _ in range(10) for part in (nn.Linear(64, 64, bias=False), nn.Tanh())]
    for layer in layers[::2]:
        nn.init.normal_(layer.weight, std=5 / 8)
    return nn.Sequential(*layers)

def test_back_and_forth(signal):
    with pytest.raises(AssertionError, match="the backward rate is 1"):
        signal.assert_preserved(saturated, "64x64", seeds=2)
    signal.assert_preserved(saturated, "64x64", backward=(1.3, 2), seeds=2)
"""


def test_the_fixture_passes_and_fails_as_it_should(tmp_path):
    (tmp_path / "test_net.py").write_text(TESTS)
    plugin = ["-p", "goldilocks.engine.diagnosis.pytest_plugin"]
    # Where the package is installed its entry point would load it a second time.
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1"}
    line = ("-q", *plugin, "-p", "no:cacheprovider", "test_net.py")
    done = warm.run("pytest", *line, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_an_installation_registers_it():
    assert 'goldilocks = "goldilocks.engine.diagnosis.pytest_plugin"' in (ROOT / "pyproject.toml").read_text()
