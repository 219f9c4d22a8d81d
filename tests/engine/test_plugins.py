"""Members of one's own: from a file to grid, store and list; and what a broken file is answered."""

import json
import re
from pathlib import Path

import pytest

from goldilocks import engine, store
from goldilocks.engine import plugins
from goldilocks.engine.errors import RequestError
from goldilocks.engine.initializers import initializers
from goldilocks.engine.plugin_code import PluginCode
from goldilocks.engine.scheme import VERSION_DIGITS
from goldilocks.store.checks.check import check
from tests import warm
from tests.engine import commands

ROOT = Path(__file__).parents[2]
PLUGIN = '''
from goldilocks.engine.activations import Activation, activations
from goldilocks.engine.card import Card
from goldilocks.engine.initializers import Fans, Initializer, initializers
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.normalizations.per_example import PerExample


@initializers.register
class Timid(Initializer):
    """W ~ N(0, factor/fan_in)."""

    name = "timid"
    card = Card("Timid", "W ~ N(0, factor/fan_in)", "this test")
    factor: float = 0.5

    def scale(self, fans: Fans, activation: Activation) -> float:
        return (self.factor / fans.fan_in) ** 0.5


@activations.register
class Cube(Activation):
    """z³, its derivative by autograd."""

    name = "cube"
    card = Card("Cube", "φ(z) = z³", "this test")

    def __call__(self, z):
        return z**3


@normalizations.register
class Unit(PerExample):
    """Scaled to unit length."""

    name = "unit"
    shifts = False
    centres = False
    card = Card("Unit", "y = γ·z/rms(z)", "this test")
'''
GRID = """
[[study]]
kind = "propagation"
width = 32
depth = 2
batch_size = 8
init = ["timid", "timid(factor=2)", "xavier"]
activation = ["cube", "tanh"]
norm = ["unit", "none"]

[[study]]
kind = "training"
dataset = "digits"
width = 16
depth = 2
init = "timid"
activation = "cube"
norm = ["unit", "none"]
lr = 0.01
batch_size = 16
steps = 4
"""


@pytest.fixture
def files(tmp_path):
    plugin, grid = tmp_path / "mine.py", tmp_path / "mine.toml"
    plugin.write_text(PLUGIN)
    grid.write_text(GRID)
    return plugin, grid, tmp_path / "grid.duckdb"


@pytest.mark.essential("a scheme of one's own, from file to store")
def test_a_plugins_members_are_run_listed_and_stored_with_their_cards(files):
    plugin, grid, path = files
    summary = commands.run(grid, path, "--plugin", plugin)
    assert (summary["cells_computed"], summary["cells_failed"]) == (14, 0)
    with store.open(path) as handle:
        schemes = handle.query("SELECT kind, name, formula FROM schemes WHERE reference = 'this test'").df()
        stds = handle.query(
            "SELECT init, std FROM activation_stats WHERE layer = 1 AND activation = 'tanh' AND norm = 'none'"
        ).df()
    assert set(schemes.name) == {"timid", "cube", "unit"}
    assert stds.set_index("init")["std"].idxmin() == f"timid@{PluginCode.read(plugin).digest[:VERSION_DIGITS]}"
    listed = warm.run("engine", "list", "--json", "--plugin", plugin, text=True, cwd=ROOT)
    assert {"timid", "cube", "unit"} <= {entry["name"] for entry in json.loads(listed.stdout)}


def test_another_version_of_a_plugin_makes_other_cells(files):
    plugin, grid, path = files
    first = commands.run(grid, path, "--plugin", plugin)
    assert commands.run(grid, path, "--plugin", plugin)["cells_computed"] == 0
    plugin.write_text(PLUGIN.replace("factor: float = 0.5", "factor: float = 0.25"))
    again = commands.run(grid, path, "--plugin", plugin)
    # The one cell without a member of the plugin is Xavier, tanh, no normalization.
    assert (again["cells_cached"], again["cells_computed"]) == (1, first["cells_computed"] - 1)
    with store.open(path) as handle:
        versions = "SELECT DISTINCT init FROM cells WHERE init LIKE 'timid@%' AND init NOT LIKE '%(%'"
        told = handle.query(versions)
        assert len(told.fetchall()) == 2, "two versions are two values of the axis, not seeds of one"
    assert [finding for finding in check(path) if not finding.holds] == []


def test_a_comment_makes_no_other_cell(files):
    plugin, grid, path = files
    commands.run(grid, path, "--plugin", plugin)
    plugin.write_bytes(b"# Why so timid?\r\n" + PLUGIN.replace("\n", "\r\n").encode())
    assert commands.run(grid, path, "--plugin", plugin)["cells_computed"] == 0


BROKEN = {
    "import": ("import not_there", "line 1: ModuleNotFoundError: No module named 'not_there'"),
    "syntax": ("def broken(:", "SyntaxError"),
    "name": (PLUGIN.replace('name = "cube"', 'name = "relu"'), "ValueError: activation 'relu' is registered twice"),
    "alias": (PLUGIN.replace('name = "cube"', 'name = "swish"'), "ValueError: activation 'swish' is registered twice"),
    "nothing": ("x = 1", "registers nothing"),
    "missing": (None, "cannot be read: No such file or directory"),
}


@pytest.mark.parametrize("flaw", BROKEN)
def test_a_plugin_that_fails_is_named_with_its_error_and_leaves_nothing_behind(files, flaw):
    plugin, (text, answer) = files[0], BROKEN[flaw]
    plugin.unlink() if text is None else plugin.write_text(text)
    with pytest.raises(RequestError, match=re.escape(answer)) as refusal:
        plugins.load([plugin])
    assert str(plugin) in str(refusal.value)
    with pytest.raises(RequestError, match="unknown initializer"):
        initializers.parse("timid")


def test_a_plugin_that_was_changed_is_loaded_anew(files):
    plugin = files[0]
    try:
        plugins.load([plugin, plugin])
        assert initializers.parse("timid").factor == 0.5
        plugin.write_text(PLUGIN.replace("factor: float = 0.5", "factor: float = 0.25"))
        plugins.load([plugin])
        assert initializers.parse("timid").factor == 0.25
    finally:
        plugins.unload(plugin)
    with pytest.raises(RequestError, match="unknown initializer"):
        initializers.parse("timid")


@pytest.mark.parametrize("command", ["run", "plan", "list"])
def test_every_command_refuses_a_broken_plugin_with_exit_code_2(files, command):
    plugin, grid, path = files
    plugin.write_text("import not_there")
    arguments = [] if command == "list" else [str(grid), "--store", str(path)]
    done = warm.run("engine", command, *arguments, "--plugin", plugin, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "not_there" in done.stderr
    assert "Traceback" not in done.stderr
    assert not path.exists()


def test_a_plugins_initialization_is_offered_by_the_dashboard(files, monkeypatch):
    from streamlit.testing.v1 import AppTest

    plugin, grid, path = files
    try:
        engine.run(grid, path, plugins=[plugin])
    finally:
        plugins.unload(plugin)
    monkeypatch.setenv("GOLDILOCKS_STORE", str(path))
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=600).run()
    page = app.switch_page("views/activation_statistics.py").run()
    assert not page.exception
    (offered,) = [box.options for box in page.multiselect if box.label == "Initializations"]
    version = PluginCode.read(plugin).digest[:VERSION_DIGITS]
    assert {f"timid@{version}", f"timid@{version}(factor=2)"} <= set(offered)
