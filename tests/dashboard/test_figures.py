"""Every figure of every page has a title, alternative text, fixed colours, and its data, picture and SQL at hand."""

import io
import json
import re
from urllib.parse import parse_qs

import pandas as pd
import pytest

from goldilocks.dashboard.charts import group
from goldilocks.dashboard.figure import FORMATS, Figure
from goldilocks.dashboard.hands_on import component
from tests.breadth import few
from tests.dashboard.opening import PAGES, open_page
from tests.dashboard.seen import SEEN

# What makes all figures of a page appear.
ASKED = {
    "lecture": {"lecture_answers": "true"},
    "trainability_map": {"map_tile": ["6", "xavier"]},
    "data_and_sql": {"sql": "SELECT layer, avg(std) AS std FROM activation_stats GROUP BY layer"},
}
TABLES_ONLY = ("runs",)
# The pages whose figure is a component of its own, with what it holds: no chart stands on them.
LIVE = {"hands_on": component._text("page.html")}


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_is_complete(page, store_of, monkeypatch):
    offered, around = [], Figure.around
    monkeypatch.setattr(Figure, "around", lambda self, key: offered.append(self) or around(self, key))
    app = open_page(page, store_of(page), monkeypatch, **ASKED.get(page, {}))
    assert not app.exception
    charts = [element.proto for element in app.get("vega_lite_chart")]
    figures = list(_figures(app.main))
    assert bool(figures) == (page not in TABLES_ONLY)
    assert bool(charts) == (page not in (*TABLES_ONLY, *LIVE))
    assert all(chart.alt for chart in charts)
    assert all(table.proto.alt for table in app.dataframe)
    for one in figures:
        own = list(_elements(one))
        kinds = [element.type for element in own]
        assert kinds.count("download_button") == len(FORMATS)
        titles = [e.value for e in own if e.type == "markdown" and str(e.value).startswith("#### ")]
        assert titles
        assert all("?" in title for title in titles), titles
        (sql,) = [element.value for element in own if element.type == "code" and "SELECT" in element.value]
        (link,) = [one.proto for one in own if one.type == "page_link" and one.proto.page.endswith("data_and_sql")]
        assert parse_qs(link.query_string) == {"sql": [sql]}
        assert ("bidi_component" if page in LIVE else "vega_lite_chart") in kinds
    assert all("-figure-" in path for path in _places(app.main))
    for chart in charts:
        _check_colours(json.loads(chart.spec))
    if page in LIVE:
        assert offered
        for figure in offered:
            _check_colours(figure.chart.to_dict())
        _check_told(LIVE[page])


@pytest.mark.parametrize("tap", few(["activations", "pre-activations", "gradients"], 1))
def test_charts_in_cards_of_their_own_are_downloaded_together(tap, filled_store, monkeypatch):
    drawn, around, together, asked = [], Figure.around, group.together, []
    with monkeypatch.context() as patch:
        patch.setattr(group, "together", lambda *given: asked.append(given) or together(*given))
        patch.setattr(Figure, "around", lambda self, key: drawn.append((key, self)) or around(self, key))
        app = open_page("activation_statistics", filled_store, patch, tap=tap)
    assert not app.exception
    # Nobody has asked for the picture yet.
    assert not asked
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    figure = dict(drawn)["strips"]
    (strips,) = [one for one in _figures(app.main) if one.proto.id.endswith("-figure-strips")]
    assert [element.type for element in _elements(strips)].count("vega_lite_chart") == len(figure.chart.charts) > 1
    csv, parquet, png, svg = (figure.file(kind) for kind in ("CSV", "Parquet", "PNG", "SVG"))
    rows = figure.source.frame()
    assert len(pd.read_csv(io.BytesIO(csv))) == len(pd.read_parquet(io.BytesIO(parquet))) == len(rows) > 0
    assert png.startswith(b"\x89PNG")
    assert svg.startswith(b"<svg")
    assert all(f">{name}</text>" in svg.decode() for name in figure.chart.charts)


def _figures(block):
    """Yield the blocks that hold a heading with *Download* beside it, and a chart."""
    for child in block.children.values():
        if any(inner.type == "popover" and inner.proto.popover.label == "Download" for inner in _blocks(child)):
            yield block
        elif hasattr(child, "children"):
            yield from _figures(child)


def _places(block, path=""):
    """Yield for each chart the names of the blocks around it."""
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from _places(child, path + getattr(child.proto, "id", ""))
        elif child.type == "vega_lite_chart":
            yield path


def _blocks(block):
    return [child for child in getattr(block, "children", {}).values() if hasattr(child, "children")]


def _elements(block):
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from _elements(child)
        else:
            yield child


def _check_told(html):
    """Whoever cannot see pictures is told what each is, and what follows from a choice as soon as it is made."""
    pictures = re.findall(r"<svg[^>]*>", html)
    assert pictures
    for picture in pictures:
        assert 'role="img"' in picture
        assert re.search(r'aria-label="[^"]+"', picture), picture
    assert 'role="status"' in html


def _check_colours(spec):
    """Names with a fixed colour have it in every chart."""
    if isinstance(spec, dict):
        if isinstance(spec.get("domain"), list) and isinstance(spec.get("range"), list):
            for name, colour in zip(spec["domain"], spec["range"], strict=True):
                assert SEEN.paint.fixed.get(name, colour) == colour
        for value in spec.values():
            _check_colours(value)
    elif isinstance(spec, list):
        for value in spec:
            _check_colours(value)
