"""The pages know the engine's members from the store: none is named in their source but by the lecture's own claims."""

import ast
import json
import shutil
from pathlib import Path

import duckdb
import pytest

from goldilocks import engine
from goldilocks.dashboard import axes, members, theme
from goldilocks.engine.catalog import REGISTRIES, entries, parts
from tests.dashboard.opening import open_page, words
from tests.engine.test_presentation import PLUGIN

ROOT = Path(__file__).resolve().parents[2] / "dashboard"
# What the lecture says, compares and begins with.
LECTURE = (ROOT / "lecture", ROOT / "views" / "lecture.py")
NAMES = {entry.name for kind in REGISTRIES for entry in entries(kind)} | {entry.name for entry in parts()}
# Words that are no members where they stand: columns, statistics, scales, layouts, keys, and a study.
OTHER_MEANINGS = {
    "advice.py": {"layer"}, "behind_tile.py": {"layer"}, "diagnosis_findings.py": {"center"}, "nearby.py": {"center"},
    "charts/distributions.py": {"layer", "rms"}, "charts/line_template.py": {"theory"},
    "charts/lines.py": {"measured", "theory"}, "charts/parallel.py": {"none"}, "charts/thumbnail.py": {"layer"},
    "smoothing.py": {"measured"}, "training_curves.py": {"linear"},
    "views/hands_on.py": {"batch", "layer", "mean_field", "measured", "none"},
    "charts/plane.py": {"linear"}, "glossary/terms.py": {"rms"}, "charts/ridges.py": {"layer"},
    "charts/sites.py": {"rms", "theory"}, "charts/template.py": {"layer"}, "diagnosis_strips.py": {"rms", "theory"},
    "programs/residual.py": {"none"}, "figure.py": {"center"}, "layer_statistics.py": {"layer", "theory"},
    "views/activation_statistics.py": {"layer", "center"}, "views/data_and_sql.py": {"own", "center"},
    "views/edge_of_chaos.py": {"mean_field", "theory"}, "views/preprocessing.py": {"cloud"},
    "views/trainability_map.py": {"none"},
}  # fmt: skip
SOURCES = [file for file in sorted(ROOT.rglob("*.py")) if not any(file.is_relative_to(own) for own in LECTURE)]


def named(file, names=NAMES):
    """Return the members that a file names: as texts of their own, parameters included, or as parts of others."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text.partition("(")[0] for text in texts} & names


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_member_is_named_outside_of_the_lecture(file):
    assert named(file) == OTHER_MEANINGS.get(str(file.relative_to(ROOT)), set())


def test_a_list_of_members_would_be_noticed(tmp_path):
    file = tmp_path / "colours.py"
    file.write_text('FIXED = {"xavier": 1, "normal(std=0.1)": 2}\nORDER = ["scratch"]\n')
    assert named(file) == {"xavier", "normal", "scratch"}


GRID = """
[[study]]
kind = "propagation"
width = 16
depth = 3
batch_size = 8
init = ["timid", "bold", "xavier", "kaiming"]
activation = "tanh"
norm = ["none", "unit", "batch"]
"""


@pytest.fixture(scope="module")
def own_store(tmp_path_factory):
    """Path of a store with members of a plugin, one of which declares how it is seen."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "mine.toml").write_text(GRID)
    path = folder / "grid.duckdb"
    engine.run(folder / "mine.toml", path, plugins=[folder / "mine.py"])
    return path


def test_members_of_a_plugin_are_seen_as_their_cards_say(own_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(own_store))
    with duckdb.connect(str(own_store), read_only=True) as connection:
        found = {
            init.partition("@")[0]: init for (init,) in connection.sql("FROM cells SELECT DISTINCT init").fetchall()
        }
        unit = connection.sql("SELECT norm FROM cells WHERE norm LIKE 'unit%'").fetchall()[0][0]
    assert [init.partition("@")[0] for init in axes.ordered("init", found.values())] == [
        "xavier", "bold", "kaiming", "timid"
    ]  # fmt: skip
    assert axes.text("init", found["bold"]) == f"the {found['bold']} one"
    assert axes.text("norm", unit) == f"{unit} norm"
    assert members.members().paint.colour(found["bold"]) == theme.SLOTS["rust"]
    app = open_page("activation_statistics", own_store, monkeypatch, init=list(found.values()))
    assert not app.exception
    domains = [_scale(json.loads(chart.proto.spec)) for chart in app.get("vega_lite_chart")]
    painted = {name: colour for domain in domains for name, colour in domain.items()}
    assert painted[found["bold"]] == theme.SLOTS["rust"]
    assert painted["xavier"] == theme.SLOTS["green"]


def test_order_colour_and_name_follow_the_store(filled_store, tmp_path, monkeypatch):
    """No list of the pages' own stands behind what is shown."""
    path = tmp_path / "other.duckdb"
    shutil.copyfile(filled_store.resolve(), path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE schemes SET rank = 1000 - rank, label = 'my ' || label")
        connection.execute("UPDATE schemes SET colour = 'gold' WHERE name = 'xavier'")
    inits, norms = ["zeros", "xavier", "kaiming"], ["none", "batch"]
    seen = []
    for store_path in (filled_store, path):
        monkeypatch.setenv("GOLDILOCKS_STORE", str(store_path))
        legend = axes.legend("init", inits)
        texts = [axes.text("norm", norm) for norm in norms]
        seen.append((list(legend.values), dict(zip(legend.values, legend.colours, strict=True))["xavier"], texts))
    assert seen == [
        (inits, theme.SLOTS["green"], ["no norm", "batch norm"]),
        (inits[::-1], theme.SLOTS["gold"], ["my no norm", "my batch norm"]),
    ]
    assert "my " in words(open_page("convergence", path, monkeypatch))


def _scale(spec):
    """Return the colours of a specification by name."""
    found = {}
    for part in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ():
        if isinstance(part, dict) and isinstance(part.get("domain"), list) and isinstance(part.get("range"), list):
            found |= dict(zip(part["domain"], part["range"], strict=True))
        found |= _scale(part)
    return found
