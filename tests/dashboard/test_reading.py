"""What a pointer does to a figure of lines: its selections are its own, and what it tells is what is drawn."""

import json
import re

import pandas as pd
import pytest
import vl_convert

from goldilocks.dashboard.charts import reading
from goldilocks.dashboard.charts.group import together
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.figure import rendered
from tests.dashboard.test_charts import INIT, LAYER, NAMES, VALUE, rows, table

SHARE = Axis("mean", "Share", share=True)


def stores(chart):
    vega = vl_convert.vegalite_to_vega(json.dumps(chart.to_dict()))
    return sorted(one["name"] for one in vega["data"] if one["name"].endswith("_store"))


@pytest.mark.parametrize("panels", [None, INIT], ids=["one panel", "panels"])
@pytest.mark.parametrize("dash", [None, INIT], ids=["no dashes", "dashes"])
def test_every_figure_of_lines_is_read_with_the_pointer(panels, dash):
    found = stores(lines(rows(), LAYER, SHARE, INIT, dash=dash, panels=panels))
    names = [reading.HOVERED, reading.PRESSED, reading.ZOOMED, reading.ISOLATED, *([reading.DASHES] if dash else [])]
    assert found == sorted(f"{name}_store" for name in names)


@pytest.mark.parametrize("up", [VALUE, SHARE], ids=["number", "share"])
def test_above_names_there_is_nothing_to_zoom_into(up):
    chart = lines(rows(), NAMES, up, INIT)
    assert stores(chart) == [f"{reading.ISOLATED}_store"]
    # What is asked of a selection that is not there leaves the whole figure out.
    assert reading.ZOOMED not in json.dumps(chart.spec)


def test_figures_in_one_picture_do_not_share_their_selections():
    chart = lines(rows(), LAYER, VALUE, INIT)
    found = stores(together({"a": chart, "b": chart}))
    assert len(found) == len(set(found)) == 2 * len(stores(chart))


def test_beside_the_rule_each_line_of_a_panel_has_a_row_as_far_as_a_screen_reaches():
    many = reading.MOST_TOLD + 1
    frame = rows()
    first = frame[frame["init"] == "xavier"].assign(configuration="the only one")
    others = [frame[frame["init"] == "kaiming"].assign(configuration=f"number {one}") for one in range(many)]
    shown = table(lines(pd.concat([first, *others]), LAYER, VALUE, INIT, panels=INIT))
    assert '"the only one"' in shown
    assert f'"number {many - 2}"' in shown
    assert f'"number {many - 1}"' not in shown
    assert "more lines than fit here" in shown
    assert "more lines" not in table(lines(pd.concat([first, *others[:-1]]), LAYER, VALUE, INIT, panels=INIT))


@pytest.mark.parametrize("name", ['a "quoted" one', "back\\slash", "line\nbreak", "\u2028", "normal(std=0.01), lr 0.1"])
def test_whatever_a_line_is_called_the_table_beside_the_rule_is_an_expression(name):
    frame = rows().assign(configuration=lambda frame: frame["init"] + name)
    assert stores(lines(frame, LAYER, VALUE, INIT))


@pytest.mark.parametrize(
    ("across", "wanted"),
    [
        (Axis("layer", "Units", logarithmic=True), {"2", "8", "32", "128", "512", "2048", "8192"}),
        (LAYER, {"10", "20", "30"}),
    ],
    ids=["logarithmic", "linear"],
)
def test_a_logarithmic_axis_has_a_tick_where_something_was_measured(across, wanted):
    frame = rows().assign(layer=lambda frame: frame["layer"].map({1: 2, 2: 8, 3: 32}))
    if across.logarithmic:
        frame = pd.concat([frame, *(frame.tail(1).assign(layer=layer) for layer in (128, 512, 2048, 8192))])
    vega = vl_convert.vegalite_to_vega(json.dumps(lines(frame, across, VALUE, INIT).to_dict()))
    (values,) = {json.dumps(axis.get("values")) for axis in vega["axes"] if axis.get("title") == across.title}
    assert (json.loads(values) == [2, 8, 32, 128, 512, 2048, 8192]) == across.logarithmic
    picture = rendered("SVG", lines(frame, across, VALUE, INIT).to_dict()).decode()
    assert wanted <= set(re.findall(r">([^<>]+)</text>", picture))
