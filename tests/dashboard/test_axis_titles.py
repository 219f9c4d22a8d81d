"""What stands on an axis for a measured quantity comes from the store's table `metrics`, unit included.

In a copy of each store all cards have other labels, units and positions. A title that does not change with them must be
that of something that was chosen, not measured.
"""

import json
import re
import shutil
from functools import cache

import duckdb
import pytest

from goldilocks import store
from goldilocks.dashboard import axes, quantities
from goldilocks.dashboard.charts import plane
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.hands_on import component
from tests.dashboard.opening import PAGES, STORES, open_page

CHOSEN = {*axes.NAMES.values(), "Step", "Layer", plane.WEIGHT, plane.BIAS, "Standard deviation of the weights"}
LABEL = r"Label of \w+ \(furlong\)"
# Of one card, of two on one axis, or relative to a baseline.
MEASURED = re.compile(rf"{LABEL}( · {LABEL}| ÷ .+)?|Place of \w+")
ASKED = {
    "lecture": {"lecture_answers": "true"},
    "activation_statistics": {"baseline": "xavier"},
    "trainability_map": {"map_tile": ["6", "xavier"]},
}
# Each choice at these brings other quantities.
TELLING = ("lecture_chapter", "map_metric", "train_metric", "edge_colour", "bn_topic", "ask_y")
# What nobody but a programmer calls anything.
PLACEHOLDERS = {"Part", "Position", "part", "position"}


@pytest.fixture(scope="module")
def renamed_store(request, tmp_path_factory):
    """A copy of the store that a page is about, in which every card says something else: one for all its pages."""

    @cache
    def copied(name):
        path = tmp_path_factory.mktemp("renamed") / "grid.duckdb"
        shutil.copyfile(request.getfixturevalue(name).resolve(), path)
        with duckdb.connect(str(path)) as connection:
            connection.execute("UPDATE metrics SET label = 'Label of ' || name, unit = 'furlong'")
            connection.execute("UPDATE metrics SET position = 'Place of ' || name WHERE position IS NOT NULL")
        return path

    return lambda page: copied(STORES.get(page, "filled_store"))


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("runs", "data_and_sql")])
def test_every_title_of_a_measured_quantity_comes_from_its_card(page, renamed_store, monkeypatch):
    offered, around = [], Figure.around
    monkeypatch.setattr(Figure, "around", lambda self, key: offered.append(self) or around(self, key))
    sent, live = {}, component._live
    monkeypatch.setattr(component, "_live", lambda **more: sent.update(more["data"]) or live(**more))
    app = open_page(page, renamed_store(page), monkeypatch, **ASKED.get(page, {}))
    titles, named = _shown(app), _shown(app, ("nominal",))
    # A page that draws by scripts of its own: what stands above its pictures, and what it offers as a file.
    assert (page == "hands_on") == bool(sent)
    for figure in offered if sent else ():
        titles |= {*sent["titles"].values(), *figure.chart.charts}
        titles |= set().union(*(_titles(chart.spec) for chart in figure.chart.charts.values()))
    for widget in [*app.get("segmented_control"), *app.selectbox, *app.multiselect]:
        if widget.key in TELLING:
            choices = [widget.options] if widget.type == "multiselect" else widget.options
            for choice in choices:
                widget.set_value(choice).run()
                assert not app.exception
                titles, named = titles | _shown(app), named | _shown(app, ("nominal",))
    assert titles - CHOSEN
    assert {title for title in titles - CHOSEN if not MEASURED.fullmatch(title)} == set()
    # On this page a reader may ask about a study that the dashboard knows nothing of.
    assert page == "every_study" or not PLACEHOLDERS & named


def test_every_quantity_of_every_study_comes_with_its_card(renamed_store, monkeypatch):
    for page in ("every_study", "transfer"):
        path = renamed_store(page)
        monkeypatch.setenv("GOLDILOCKS_STORE", str(path))
        with store.open(path) as handle:
            measured = handle.query("SELECT DISTINCT study, quantity FROM quantities").fetchall()
        assert measured
        for study, quantity in measured:
            figure = quantities.figure(quantities.QuantityPlot(study, quantity))
            titles = _titles(figure.chart.spec)
            assert f"Label of {quantity} (furlong)" in titles
            assert {title for title in titles - CHOSEN if not MEASURED.fullmatch(title)} == set()


def test_a_question_of_ones_own_names_its_axes_by_its_columns(filled_store, monkeypatch):
    sql = "SELECT layer AS floor, avg(std) AS spread FROM activation_stats GROUP BY ALL ORDER BY ALL"
    app = open_page("data_and_sql", filled_store, monkeypatch, sql=sql)
    assert _shown(app) == {"floor", "spread"}


def _shown(app, kinds=("quantitative",)):
    """Return all titles of axes, legends and panels of some kinds on a page."""
    return set().union(*(_titles(json.loads(chart.proto.spec), kinds) for chart in app.get("vega_lite_chart")))


def _titles(spec, kinds=("quantitative",)):
    found = set()
    for part in [spec, *_layers(spec)]:
        channels = [part.get("facet", {}), *part.get("encoding", {}).values()]
        for encoding in channels:
            if isinstance(encoding, dict) and encoding.get("type") in kinds and encoding.get("title"):
                title = encoding["title"]
                found.add(title if isinstance(title, str) else " ".join(title))
    return found


def _layers(spec):
    for part in [*spec.get("layer", []), *([spec["spec"]] if "spec" in spec else [])]:
        yield part
        yield from _layers(part)
