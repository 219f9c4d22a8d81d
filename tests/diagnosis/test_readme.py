"""The examples about a network of one's own do what they say."""

import shlex

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from goldilocks import store
from goldilocks.engine.__main__ import app
from goldilocks.engine.diagnosis.pytest_plugin import Signal
from tests import readme
from tests.readme import example, value_of

IMAGES = """
from torch import nn

def make():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
"""


@pytest.fixture
def typed(tmp_path, monkeypatch):
    (tmp_path / "mymodel.py").write_text(IMAGES)
    monkeypatch.chdir(tmp_path)

    def run(line):
        program, command, *arguments = shlex.split(line)
        assert (program, command in ("diagnose", "verify")) == ("goldilocks", True)
        return CliRunner().invoke(app, [command, *arguments])

    return run


def test_the_command(typed):
    done = typed(example("Your own network", "sh"))
    assert done.exit_code == 0, done.output
    assert "lsuv" in done.stdout


def test_the_report():
    names, report = value_of(example("A report", "python"))
    assert report.ranking["init"][0] in ("kaiming", "orthogonal")
    assert isinstance(names["model"], nn.Module)
    assert not torch.equal(names["model"][0].weight, names["make"]()[0].weight)


def test_the_initializations_that_it_names_are_listed():
    listed = readme.typed(example("A report", "inline")).stdout
    for name in ("kaiming", "orthogonal", "lsuv"):
        assert name in listed


@pytest.mark.essential("what the README shows")
def test_the_test():
    names, _ = value_of(example("A report", "python"))
    exec(example("A test", "python"), names)
    names["test_signal"](Signal())


def test_what_is_kept_is_computed_again(typed):
    kept = "--store grid.duckdb"
    line = f"goldilocks diagnose mymodel.py:make --input 4x3x8x8 --classes 10 --init as_is --seeds 1 {kept}"
    assert typed(line).exit_code == 0
    (cell,) = store.done_cells(store.Layout.at("grid.duckdb"))
    line = example("In a store", "inline").replace("CELL", cell).replace("FACTORY", "mymodel.py:make")
    done = typed(f"{line} {kept}")
    assert (done.exit_code, "bit for bit" in done.output) == (0, True), done.output


def test_the_step_of_the_workflow(typed):
    lines = example("In continuous integration", "yaml").splitlines()
    (line,) = (text.partition("run: ")[2] for text in lines if "goldilocks diagnose" in text)
    assert len(lines) == 10
    assert typed(line).exit_code == 0
