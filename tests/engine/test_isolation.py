"""A member that raises fails its own cells and no others, wherever it raises and whatever."""

import json

import pytest

from goldilocks import engine, store
from goldilocks.engine import plugins
from goldilocks.engine.execution.verify import verify
from goldilocks.store.checks.check import check
from tests.breadth import each_member
from tests.pairs import in_rounds

# Members are tried out when a grid names them: these behave until then, as one does that fails on some inputs alone.
PLUGIN = """
import sys
from pathlib import Path

import torch

from goldilocks.engine.activations import Activation, activations
from goldilocks.engine.card import Card
from goldilocks.engine.initializers import Initializer, initializers
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.normalizations.per_example import PerExample


def behaving():
    return Path(__file__).with_suffix(".behaving").exists()


@initializers.register
class Angry(Initializer):
    name = "angry"
    card = Card("Angry", "none", "this test")
    fan_in: int = 0
    how: str = "value"

    def scale(self, fans, activation):
        if self.fan_in in (0, fans.fan_in) and not behaving():
            if self.how == "exit":
                sys.exit("no more")
            raise {"value": ValueError, "memory": MemoryError, "assert": AssertionError}[self.how]("angry")
        return fans.fan_in ** -0.5


@activations.register
class Narrow(Activation):
    name = "narrow"
    card = Card("Narrow", "φ(z) = tanh z", "this test")

    def __call__(self, z):
        if z.shape[-1] == 24 and not behaving():
            raise IndexError("24 units are too many")
        return torch.tanh(z)
"""
GRIDS = {
    "propagation": """
        [[study]]
        kind = "propagation"
        width = [16, 24]
        depth = 2
        batch_size = 8
    """,
    "training": """
        [[study]]
        kind = "training"
        dataset = "digits"
        width = [16, 24]
        depth = 2
        batch_size = 16
        steps = 2
        lr = 0.1
        seed = [0]
    """,
}
MEMBERS = {
    "always": ('init = ["xavier", "angry", "kaiming"]\nactivation = "tanh"', "init LIKE 'angry%'"),
    "wide": ('init = ["xavier", "angry(fan_in=24)"]\nactivation = "tanh"', "init LIKE 'angry%' AND width = 24"),
    "exits": ("init = ['xavier', \"angry(how='exit')\"]\nactivation = \"tanh\"", "init LIKE 'angry%'"),
    "memory": ("init = ['xavier', \"angry(how='memory')\"]\nactivation = \"tanh\"", "init LIKE 'angry%'"),
    "activation": ('init = "xavier"\nactivation = ["narrow", "tanh"]', "activation LIKE 'narrow%' AND width = 24"),
}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("plugin") / "angry.py"
    path.write_text(PLUGIN, encoding="utf-8")
    plugins.load([path])
    yield path
    plugins.unload(path)


def parsed(text, plugin):
    """A grid whose members behaved while they were tried out."""
    sign = plugin.with_suffix(".behaving")
    sign.touch()
    try:
        return engine.Grid.from_toml(text, "isolation")
    finally:
        sign.unlink()


class Sentences(list):
    """A reporter that keeps what it is told."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def say(self, sentence):
        self.append(sentence)

    def __getattr__(self, name):
        return lambda *values: None


# Each way to fail, in a batch of one study or the other: what ran it, fails in the same way.
@pytest.mark.parametrize(("member", "study"), each_member(in_rounds(list(MEMBERS), list(GRIDS))))
def test_only_the_cells_of_the_member_that_raises_fail(study, member, plugin, tmp_path):
    lines, guilty = MEMBERS[member]
    grid = parsed(GRIDS[study] + lines, plugin)
    told = Sentences()
    summary = engine.run(grid, tmp_path / "grid.duckdb", reporter=told)
    with store.open(tmp_path / "grid.duckdb") as handle:
        wrong = f"SELECT cell_id FROM cells WHERE (status = 'failed') <> ({guilty})"
        assert handle.query(wrong).fetchall() == []
        failed = handle.query("SELECT count(*) FROM cells WHERE status = 'failed' AND error <> ''").fetchall()
    assert failed == [(summary["cells_failed"],)] != [(0,)]
    assert summary["cells_failed"] + summary["cells_computed"] == summary["cells_total"]
    assert len(told) == len(set(told)) <= 3
    assert all(finding.holds for finding in check(store.Layout.at(tmp_path / "grid.duckdb")))


@pytest.mark.essential("cells of a batch must not touch each other")
def test_an_innocent_cell_has_the_numbers_it_has_without_its_neighbours(plugin, tmp_path):
    lines, _ = MEMBERS["wide"]
    engine.run(parsed(GRIDS["training"] + lines, plugin), tmp_path / "grid.duckdb")
    with store.open(tmp_path / "grid.duckdb") as handle:
        ids = [cell for (cell,) in handle.query("SELECT cell_id FROM cells WHERE status = 'done'").fetchall()]
    assert [str(one) for one in verify(ids, store=tmp_path / "grid.duckdb") if one.inexact or not one.agrees] == []


def test_a_batch_that_fails_for_another_reason_ends_cell_by_cell(tmp_path, monkeypatch):
    from goldilocks.engine.studies.training import Training

    sizes = []

    def broken(self, cells, device, progress):
        sizes.append(len(cells))
        raise ArithmeticError("no such luck")

    monkeypatch.setattr(Training, "run", broken)
    lines = 'init = "xavier"\nactivation = "tanh"\n'
    summary = engine.run(
        engine.Grid.from_toml(GRIDS["training"].replace("[16, 24]", "16").replace("[0]", "[0, 1, 2, 3, 4]") + lines),
        tmp_path / "grid.duckdb",
    )
    assert (summary["cells_failed"], summary["cells_computed"]) == (5, 0)
    # A tree with a leaf per cell.
    assert len(sizes) == 2 * 5 - 1
    assert json.dumps(summary)
