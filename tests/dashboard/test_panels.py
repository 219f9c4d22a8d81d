"""Charts of several panels fit the page, whatever its width."""

import json
import re
from itertools import product
from types import SimpleNamespace

import pytest
import vl_convert

from goldilocks.dashboard import viewport
from goldilocks.dashboard.charts.panels import ROOM, USUAL_WIDTH, Panels
from tests.breadth import each_member
from tests.dashboard.opening import open_page
from tests.dashboard.test_charts import DRAWINGS

SEVERAL = ("lines, panels", "strip", "cloud", "images")
WIDTHS = (340, 480, 640, 980, 1280)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_panels_stay_within_their_limits_and_the_page(width, count):
    panels = Panels(count, 100, 300, per_row=6, gap=10, frame=40)
    spec = panels.laid_out({"spec": {"height": 50}}, width)
    columns, side = spec["columns"], spec["spec"]["width"]
    assert 1 <= columns <= min(count, 6)
    assert 100 <= side <= 300
    assert 40 + columns * side + (columns - 1) * 10 <= width
    # One more would not have fitted.
    assert columns == min(count, 6) or 40 + (columns + 1) * 100 + columns * 10 > width
    assert spec["spec"]["height"] == 50


def test_axes_beside_each_panel_take_their_share():
    spec = Panels(3, 50, 500, per_row=3, gap=10, frame=20, axes=30).laid_out({"spec": {}}, 400)
    assert spec["columns"] == 3
    assert 20 + 3 * (spec["spec"]["width"] + 30) + 2 * 10 == 400


def test_square_panels_are_as_high_as_wide():
    spec = Panels(4, 50, 80, per_row=4, square=True).laid_out({"spec": {}}, 500)["spec"]
    assert spec["width"] == spec["height"] == 80


@pytest.mark.parametrize(("name", "width"), each_member(product(SEVERAL, WIDTHS)))
def test_a_chart_of_panels_is_no_wider_than_the_page(name, width):
    frame, draw = DRAWINGS[name]
    chart = draw(frame)
    assert chart.panels is not None
    spec = chart.panels.laid_out(chart.to_dict(), width)
    picture = vl_convert.vegalite_to_svg(json.dumps(spec))
    assert float(picture.partition('width="')[2].partition('"')[0]) <= width


@pytest.mark.parametrize(("name", "width"), each_member(product(("heat map", "plane"), (120, 900))))
def test_the_legend_of_a_scale_of_colours_is_no_wider_than_its_chart(name, width):
    frame, draw = DRAWINGS[name]
    picture = vl_convert.vegalite_to_svg(json.dumps(draw(frame).to_dict() | {"width": width}))
    (length,) = map(int, re.findall(r'role-legend-gradient"[^>]*><path d="M0,0h(\d+)v', picture))
    assert 30 < length <= min(260, width)


def test_the_width_is_what_the_browser_told_last(monkeypatch):
    told, kept = {}, {}
    monkeypatch.setattr(viewport.st, "session_state", told)
    monkeypatch.setattr(viewport.st, "context", SimpleNamespace(cookies=kept))
    assert viewport.width() == USUAL_WIDTH
    for nonsense in ("wide", "-340", "3e2", "9" * 20, "0"):
        kept[viewport.COOKIE] = nonsense
        assert viewport.width() == USUAL_WIDTH
    kept[viewport.COOKIE] = "340"
    assert viewport.width() == 340
    for nonsense in ({}, {"width": None}, {"width": "wide"}, {"width": -5}):
        told[viewport.KEY] = nonsense
        assert viewport.width() == 340
    told[viewport.KEY] = {"width": 620}
    assert viewport.width() == 620


def test_a_page_asks_how_wide_it_is(filled_store, monkeypatch):
    app = open_page("convergence", filled_store, monkeypatch)
    assert [element.proto.component_name for element in app.get("bidi_component")] == ["ruler", "glossary"]


@pytest.mark.parametrize(("page", "card"), [(440, 440 - viewport.CARD), (980, 736)])
def test_the_numbers_of_a_card_stand_above_its_picture_on_a_narrow_page(page, card, filled_store, monkeypatch):
    monkeypatch.setattr(viewport, "width", lambda: page)
    app = open_page("activation_statistics", filled_store, monkeypatch)
    strips = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart") if "facet" in chart.proto.spec]
    rooms = {parameter["value"] for strip in strips for parameter in strip["params"] if parameter["name"] == ROOM}
    assert rooms
    assert all(0.8 * card < room <= card for room in rooms)
