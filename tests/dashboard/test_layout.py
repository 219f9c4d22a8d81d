"""Charts use their width: the plot keeps its height, nothing is cut, and numbers are written for people."""

import json
import re

import pandas as pd
import pytest
import vl_convert

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import line_template
from goldilocks.dashboard.charts.heat_map import heat_map
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.plane import plane
from goldilocks.dashboard.charts.quick import quick
from goldilocks.dashboard.charts.ranking import ranking
from tests.dashboard.test_charts import DRAWINGS, INIT, LAYER, LOG, TITLES, VALUE, field, ranked, rows, tiles

LECTURE = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming"]


def picture(chart, width):
    return vl_convert.vegalite_to_svg(json.dumps(chart.to_dict() | {"width": width}))


def size(svg):
    """Return the height of a picture, and width and height of its plot."""
    (height,) = re.findall(r'^<svg[^>]* height="([\d.]+)"', svg)
    across, up = re.findall(r'class="background"[^>]*d="M0.5,0.5h([\d.]+)v([\d.]+)', svg)[0]
    return float(height), float(across), float(up)


def words(svg):
    return [re.sub("<[^>]*>", "", text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg)]


def of_the_lecture():
    frame = pd.concat([rows().assign(init=name, configuration=name) for name in LECTURE])
    return lines(frame, LAYER, VALUE, Axis("init", "Init", values=LECTURE))


def test_a_legend_takes_the_lines_that_it_needs_and_none_of_the_plot():
    narrow, wide = picture(of_the_lecture(), 300), picture(of_the_lecture(), 900)
    for svg in (narrow, wide):
        assert set(LECTURE) <= set(words(svg))
        assert size(svg)[2] == line_template.HEIGHT
    assert size(narrow)[0] > size(wide)[0]


def test_a_name_too_long_for_any_legend_ends_in_dots_within_the_chart():
    long = "mean_field(weight_variance=0.5, bias_variance=0.1), batch norm"
    frame = rows().assign(init=lambda frame: frame["init"].replace("xavier", long))
    svg = picture(lines(frame, LAYER, VALUE, Axis("init", "Init", values=[long, "kaiming"])), 300)
    (shown,) = [word for word in words(svg) if word.startswith("mean_field")]
    assert shown.endswith("…")
    assert size(svg)[1] > 200


@pytest.mark.parametrize("width", [130, 900])
def test_no_name_below_an_axis_is_left_out(width):
    names = ["raw", "center", "standardize", "pca", "whiten"]
    frame = pd.DataFrame({"x": names, "y": range(5), "value": 0.5, "seeds": 3, "share_diverged": 0.0})
    dots = pd.concat([rows((1.0,)).assign(layer=name) for name in names])
    across = Axis("layer", "Layer", values=names, category=True)
    charts = (
        heat_map(frame.assign(y="a"), ["a"], names, TITLES),
        lines(dots, across, VALUE, INIT),
        quick(frame, "x", "y", None),
    )
    for chart in charts:
        svg = picture(chart, width)
        assert set(names) <= set(words(svg))
        assert ("rotate(-30)" in svg) == (width == 130)


def test_names_of_a_ranking_take_no_width():
    long = "normal(std=0.000464), batch norm, momentum, lr 0.001"
    svg = picture(ranking(ranked().assign(configuration=[long, "b"]), "Accuracy", {long: "#0a78c2"}), 340)
    assert long in words(svg)
    assert size(svg)[1] > 300


def test_colours_are_those_that_are_given():
    best = ["kaiming, batch norm", "xavier, no norm"]
    frame = ranked().assign(configuration=best)
    scale = ranking(frame, "Accuracy", {best[0]: "#123456"}).spec["layer"][0]["encoding"]["color"]["scale"]
    assert scale["range"] == ["#123456", theme.NEUTRAL]
    curves = rows().replace({"configuration": {"kaiming": best[0], "xavier": best[1]}})
    beside = lines(curves, LAYER, VALUE, Axis("configuration", "Configuration", values=best[:1], colours=["#123456"]))
    assert beside.spec["layer"][1]["encoding"]["color"]["scale"]["range"] == ["#123456"]


def test_initializations_on_the_plane_are_named_in_the_legend():
    close = pd.DataFrame({"init": LECTURE[:2], "weight": [1.0, 1.01], "bias": 0.0})
    chart = plane(field(), close, close, "χ₁", rate=True)
    assert set(LECTURE[:2]) <= set(words(picture(chart, 340)))
    assert not [layer for layer in chart.spec["layer"] if layer["mark"]["type"] == "text"]


def test_a_marked_tile_has_a_frame():
    for marked, count in (("2", "b"), 1), (None, 0):
        chart = heat_map(tiles(), ["a", "b"], ["2", "10"], TITLES, marked=marked)
        assert len(chart.data["marked"]) == count
        assert picture(chart, 300).count(f'stroke="{theme.DARK}"') == count


def test_axes_write_powers_of_ten():
    shown = words(picture(lines(rows((1, 1e-20, 3e7)), LAYER, LOG, INIT), 400))
    assert {"1", "10⁻²⁰"} <= set(shown)
    assert not [word for word in shown if re.search(r"\de|00000", word)]
    small = words(picture(lines(rows((1.5e-7, 1e-7, 5e-8)), LAYER, VALUE, INIT), 400))
    assert {"0", "10⁻⁷", "1.5·10⁻⁷"} <= set(small)


def test_a_share_never_leaves_its_axis():
    layers = lines(rows((0.9, 0.99)), LAYER, Axis("mean", "Accuracy", share=True), INIT).spec["layer"]
    assert [layer["mark"]["clip"] for layer in layers if layer["mark"]["type"] == "area"] == [True, True]


@pytest.mark.parametrize("name", [name for name in DRAWINGS if DRAWINGS[name][1](DRAWINGS[name][0]).panels is None])
def test_the_height_of_a_single_chart_is_that_of_its_plot(name):
    frame, draw = DRAWINGS[name]
    chart = draw(frame)
    assert size(picture(chart, 360))[2] == chart.spec["height"]
