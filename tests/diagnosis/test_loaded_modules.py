"""What Python holds of the user's modules while their files change: a notebook would measure the old network."""

import importlib
import sys

import pytest

from goldilocks import diagnose
from goldilocks.engine.errors import RequestError

NETWORK = """
from torch import nn
from widths_beside import width

def make():
    return nn.Sequential(nn.Linear(8, width()), nn.ReLU(), nn.Linear(width(), 3))
"""
BESIDE = """
KNOWN = {WIDTH}

class Box:
    @staticmethod
    def scaled(value):
        return value if value in {{"a", "b", 3}} else (lambda one: one)(value)

def width():
    return Box.scaled(KNOWN)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    # Python tells what it compiled by size and second of the last change, and reloads within less.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_network.py").write_text(NETWORK)
    (tmp_path / "widths_beside.py").write_text(BESIDE.format(WIDTH=5))
    yield tmp_path
    for name in ("own_network", "widths_beside"):
        sys.modules.pop(name, None)


def measured(folder):
    return diagnose(f"{folder}/own_network.py:make", "4x8", seeds=1)


@pytest.mark.essential("what a notebook would measure otherwise")
def test_a_file_beside_the_network_that_was_changed_is_named_until_it_is_loaded_anew(folder):
    before = measured(folder).measurement
    (folder / "widths_beside.py").write_text(BESIDE.format(WIDTH=7))
    with pytest.raises(RequestError, match=r"^widths_beside.py was changed .* reload widths_beside"):
        measured(folder)
    (folder / "widths_beside.py").write_text(BESIDE.format(WIDTH=5))
    assert measured(folder).measurement.sites == before.sites
    (folder / "widths_beside.py").write_text(BESIDE.format(WIDTH=7))
    importlib.reload(sys.modules["widths_beside"])
    assert measured(folder).measurement.sites != before.sites


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("own_network.py", "nn.ReLU()", "nn.Tanh()"),
        ("widths_beside.py", "value if", "2 * value if"),
        ("widths_beside.py", "one: one", "one: one + 1"),
        ("widths_beside.py", "def width():", "def width(:"),
    ],
)
def test_a_change_before_the_first_diagnosis_is_seen_by_the_functions(folder, file, old, new):
    make = importlib.import_module("own_network").make
    text = (folder / file).read_text()
    (folder / file).write_text(text.replace(old, new))
    with pytest.raises(RequestError, match=f"^{file} was changed"):
        diagnose(make, "4x8", seeds=1)


@pytest.mark.parametrize("compiled", [True, False])
def test_remarks_change_no_function(folder, monkeypatch, compiled):
    monkeypatch.setattr(sys, "dont_write_bytecode", not compiled)
    if compiled:
        # What Python read from its own file may order sets in another way.
        importlib.import_module("own_network")
        for name in ("own_network", "widths_beside"):
            del sys.modules[name]
    make = importlib.import_module("own_network").make
    (folder / "widths_beside.py").write_text(f"# A remark.\n{BESIDE.format(WIDTH=5)}")
    assert diagnose(make, "4x8", seeds=1).measurement.sites
