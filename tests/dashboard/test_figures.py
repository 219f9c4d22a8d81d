"""Every figure of every page has a title, alternative text, fixed colours, and its data, picture and SQL at hand."""

import json

import pytest

from dashboard import theme
from dashboard.figure import FORMATS
from tests.dashboard.opening import PAGES, open_page

# What makes all figures of a page appear.
ASKED = {"lecture": {"lecture_answers": "true"}, "trainability_map": {"map_tile": ["6", "xavier"]}}
TABLES_ONLY = ("runs",)


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_is_complete(page, store_of, monkeypatch):
    app = open_page(page, store_of(page), monkeypatch, **ASKED.get(page, {}))
    assert not app.exception
    charts = [element.proto for element in app.get("vega_lite_chart")]
    figures = list(_figures(app.main))
    assert bool(charts) == bool(figures) == (page not in TABLES_ONLY)
    assert all(chart.alt for chart in charts)
    assert all(table.proto.alt for table in app.dataframe)
    for figure in figures:
        own = list(_elements(figure))
        kinds = [element.type for element in own]
        assert kinds.count("download_button") == len(FORMATS)
        assert any(e.type == "markdown" and str(e.value).startswith("#### ") and len(str(e.value)) > 8 for e in own)
        assert any(element.type == "code" and "SELECT" in element.value for element in own)
        assert kinds.count("vega_lite_chart") == 1
    for chart in charts:
        _check_colours(json.loads(chart.spec))


def _figures(block):
    """Yield the blocks that hold a heading with *Take away* beside it, and a chart."""
    for child in block.children.values():
        if any(inner.type == "popover" and inner.proto.popover.label == "Take away" for inner in _blocks(child)):
            yield block
        elif hasattr(child, "children"):
            yield from _figures(child)


def _blocks(block):
    return [child for child in getattr(block, "children", {}).values() if hasattr(child, "children")]


def _elements(block):
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from _elements(child)
        else:
            yield child


def _check_colours(spec):
    """Names with a fixed colour have it in every chart."""
    if isinstance(spec, dict):
        if isinstance(spec.get("domain"), list) and isinstance(spec.get("range"), list):
            for name, colour in zip(spec["domain"], spec["range"], strict=True):
                assert theme.FIXED.get(name, colour) == colour
        for value in spec.values():
            _check_colours(value)
    elif isinstance(spec, list):
        for value in spec:
            _check_colours(value)
