"""Charts are pure: any frame gives a valid specification, non-finite values are drawn, the input stays as it was."""

import json
import re
from dataclasses import dataclass, replace
from itertools import product

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import vl_convert

from goldilocks.dashboard.charts import reading, sites
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.distributions import strip
from goldilocks.dashboard.charts.group import Group, together
from goldilocks.dashboard.charts.heat_map import heat_map
from goldilocks.dashboard.charts.images import images
from goldilocks.dashboard.charts.line_template import ZEROS
from goldilocks.dashboard.charts.lines import THEORY, Axis, lines
from goldilocks.dashboard.charts.plane import plane
from goldilocks.dashboard.charts.points import cloud
from goldilocks.dashboard.charts.quick import MOST_COLOURS, quick, tells_apart
from goldilocks.dashboard.charts.ranking import ranking
from goldilocks.dashboard.charts.ridges import ridges
from goldilocks.dashboard.distributions import on_common_bins
from goldilocks.dashboard.figure import FORMATS, Figure, rendered
from goldilocks.dashboard.interval import BANDS
from tests.breadth import each_member


def rows(values=(1.0, 0.5, 0.25), lost=0):
    return pd.DataFrame(
        [
            {"configuration": init, "init": init, "layer": layer, "seeds": 3, "mean": value, "low": value * 0.9,
             "high": value * 1.1, "lost": lost if layer == len(values) else 0, "theory": value, "theory_low": value / 2,
             "theory_high": value * 2}
            for init in ("xavier", "kaiming")
            for layer, value in enumerate(values, 1)
        ]
    )  # fmt: skip


def histograms():
    blank = {"underflow": 0, "overflow": 0, "nonfinite": 0, "configuration": "a"}
    return pd.DataFrame(
        [
            blank | {"layer": 1, "lo": -1.0, "hi": 1.0, "counts": np.array([1, 2, 3, 2])},
            blank | {"layer": 2, "lo": np.nan, "hi": np.nan, "counts": np.zeros(4, int), "nonfinite": 8},
            blank | {"layer": 3, "lo": 0.0, "hi": 0.0, "counts": np.array([8, 0, 0, 0])},
        ]
    )


def statistics():
    frame = pd.DataFrame({"layer": [1, 2, 3], "mean": 0.0, "std": 1.0, "preact_std": 2.0, "grad_rms": 3.0})
    return frame.assign(**{f"{name}_overflowed": [0, 1, 0] for name in ("std", "preact_std", "grad_rms")})


def tiles():
    values = [0.5, np.nan, np.inf]
    words = {"told": "1 of 2 runs train", "lost": "1 of 2"}
    return pd.DataFrame({"x": ["2", "10", "2"], "y": ["a", "a", "b"], "value": values}).assign(
        share_diverged=[0.0, 1.0, 0.5], **words
    )


def ranked():
    frame = pd.DataFrame({"configuration": ["a", "b"], "score": [0.9, 0.0], "low": [0.8, 0], "high": [1.0, 0]})
    return frame.assign(seeds=3, diverged=[0, 3], init=["xavier", "kaiming"])


def field():
    edges = {"weight_low": 1.0, "weight_high": 2.0, "bias_low": 0.0, "bias_high": 0.1, "weight": 1.5, "bias": 0.05}
    return pd.DataFrame([edges | {"value": value} for value in (1.2, np.inf, np.nan)])


LAYER, VALUE, INIT = Axis("layer", "Layer"), Axis("mean", "Std"), Axis("init", "Init", values=["xavier", "kaiming"])
LOG = Axis("mean", "Std", logarithmic=True)
NAMES = Axis("layer", "Layer", values=[1, 2, 3], category=True)
BINS = on_common_bins(histograms(), ["configuration", "layer"])
PREPROCESSINGS = ["raw", "center", "standardize", "pca", "whiten"]
CLOUD = pd.DataFrame({"x": [0.0, np.nan, 1, -1, 2], "y": [-10.5, 2.0, 7, 1, 3], "panel": PREPROCESSINGS})
PIXELS = pd.DataFrame({"image": [0, 0, 1], "row": [0, 1, 0], "column": [0, 0, 0], "value": [1.0, -2.0, 0.0]})
NAMED = pd.DataFrame({"init": ["xavier"], "weight": [1.0], "bias": [0.0]})
TITLES = ("Depth", "Init", "Accuracy")
SITES = pd.DataFrame(
    {
        "site": ["a:linear", "b:relu"] * 2,
        "quantity": ["Std", "Std", "Gradient", "Gradient"],
        "mean": [1.0, 0.0, 1e-9, np.nan],
        "low": [0.5, 0.0, 1e-10, np.nan],
        "high": [2.0, 0.0, 1e-8, np.nan],
        "seeds": 2,
        "lost": [0, 0, 0, 2],
        "rms": [1.0, 0.0, None, None],
        "theory": [1.1, None, None, None],
    }
)
DOWN = sites.Column(["a:linear", "b:relu"], (1e-10, 2.0), 24)
SHARES = pd.DataFrame({"site": ["a:linear", "b:relu"], "quantity": ["Dead", "Saturated"], "share": [0.5, 1.0]})
DRAWINGS = {
    "lines": (rows(), lambda frame: lines(frame, LAYER, VALUE, INIT)),
    "lines, logarithmic": (rows((1, 1e-20, 0)), lambda frame: lines(frame, LAYER, LOG, INIT, cursor=2)),
    "lines, not finite": (rows((1, np.inf, np.nan), 2), lambda frame: lines(frame, LAYER, LOG, INIT)),
    "lines, panels": (rows(lost=1), lambda frame: lines(frame, LAYER, VALUE, INIT, dash=INIT, panels=INIT)),
    "lines, names": (rows(lost=1), lambda frame: lines(frame, NAMES, VALUE, INIT)),
    "strip": (BINS, lambda frame: strip(frame, statistics(), "#123456", "act", 1)),
    "strip of gradients": (BINS, lambda frame: strip(frame, statistics(), "#123456", "grad")),
    "sites": (SITES, lambda frame: sites.signal(frame, DOWN, "Std")),
    "sites, all finite": (SITES.head(1), lambda frame: sites.signal(frame, DOWN, "Std")),
    "sites, nothing finite": (
        SITES.tail(1),
        lambda frame: sites.signal(frame, sites.Column(DOWN.names, (1, 1), 9), ""),
    ),
    "shares of sites": (SHARES, lambda frame: sites.shares(frame, DOWN, "Share")),
    "ridges": (BINS, lambda frame: ridges(frame, "#123456")),
    "heat map": (tiles(), lambda frame: heat_map(frame, ["a", "b"], ["2", "10"], TITLES)),
    "heat map of rates": (tiles(), lambda frame: heat_map(frame, ["a"], ["2"], TITLES, "rate", True)),
    "heat map, logarithmic": (tiles(), lambda frame: heat_map(frame, ["a"], ["2"], TITLES, "logarithmic")),
    "ranking": (ranked(), lambda frame: ranking(frame, "Accuracy", {"a": "#0a78c2"})),
    "plane": (field(), lambda frame: plane(frame, NAMED, NAMED, "χ₁", rate=True)),
    "cloud": (CLOUD, lambda frame: cloud(frame, "panel", PREPROCESSINGS, "panel")),
    "images": (PIXELS, images),
    "quick": (rows(), lambda frame: quick(frame, "layer", "mean", "init")),
    "quick, bars": (rows(), lambda frame: quick(frame, "init", "mean", None)),
}


TOGETHER = [("strip", "strip of gradients"), ("ridges", "lines"), ("heat map", "images", "plane")]


def test_clouds_share_their_axes_which_are_named():
    spec = cloud(CLOUD, "panel", PREPROCESSINGS, "panel", "First input", "Second input").to_dict()
    assert "scale" not in spec.get("resolve", {})
    assert [spec["spec"]["encoding"][axis]["title"] for axis in "xy"] == ["First input", "Second input"]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_chart_is_valid_and_leaves_its_input_alone(name):
    frame, draw = DRAWINGS[name]
    before = frame.copy(deep=True)
    chart = draw(frame)
    pd.testing.assert_frame_equal(frame, before)
    spec = chart.to_dict()
    text = json.dumps(spec, allow_nan=False)
    assert alt.Chart.from_json(text).to_dict(validate=True)
    assert json.loads(text) == spec
    assert rendered("SVG", chart.to_dict()).startswith(b"<svg")


def test_a_chart_is_a_picture():
    frame, draw = DRAWINGS["lines"]
    assert rendered("PNG", draw(frame).to_dict()).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", DRAWINGS)
def test_an_empty_frame_gives_an_empty_chart(name):
    frame, draw = DRAWINGS[name]
    assert rendered("SVG", draw(frame.head(0)).to_dict()).startswith(b"<svg")


@pytest.mark.parametrize("name", DRAWINGS)
def test_what_is_shown_is_what_is_taken_away(name):
    """The dictionary for the browser and the one for files differ in how they carry their data, and in nothing else."""
    frame, draw = DRAWINGS[name]
    chart = draw(frame)
    shown, taken = chart.to_show(), chart.to_dict()
    assert {key: value for key, value in shown.items() if key != "datasets"} == {
        key: value for key, value in taken.items() if key != "datasets"
    }
    for name, stream in shown["datasets"].items():
        table = pa.ipc.open_stream(stream).read_all()
        assert table.num_rows == len(taken["datasets"][name])
        assert table.column_names == list(chart.data[name])


@pytest.mark.parametrize(("names", "columns"), each_member(product(TOGETHER, (1, 2))))
def test_several_charts_are_one_picture_with_the_data_of_each(names, columns):
    charts = {name: DRAWINGS[name][1](DRAWINGS[name][0]) for name in names}
    before = {name: chart.to_dict() for name, chart in charts.items()}
    picture = together(charts, columns)
    assert {name: chart.to_dict() for name, chart in charts.items()} == before
    spec = picture.to_dict()
    assert alt.Chart.from_json(json.dumps(spec, allow_nan=False)).to_dict(validate=True)
    assert list(spec["datasets"].values()) == [rows for one in before.values() for rows in one["datasets"].values()]
    svg = rendered("SVG", picture.to_dict()).decode()
    assert all(f">{name}</text>" in svg for name in names)
    assert rendered("PNG", picture.to_dict()).startswith(b"\x89PNG")
    marks = [rendered("SVG", chart.to_dict()).decode().count('class="mark-') for chart in charts.values()]
    assert svg.count('class="mark-') >= sum(marks)


def crosses(chart: Chart):
    return [layer for layer in chart.spec["layer"] if layer["mark"].get("shape") == "cross"]


def compiled(name):
    frame, draw = DRAWINGS[name]
    return vl_convert.vegalite_to_vega(json.dumps(draw(frame).to_dict()))


def test_what_has_no_place_on_the_axis_of_a_strip_stands_at_its_edges():
    chart = sites.signal(SITES, DOWN, "Std")
    ring, cross = chart.spec["layer"][3:]
    assert (ring["encoding"]["x"], cross["encoding"]["x"]) == ({"value": 0}, {"value": "width"})
    rows = chart.data["rows"]
    assert rows["zero"].tolist() == [False, True, False, False]
    assert rows["mean"].isna().tolist() == [False, True, False, True]
    assert rows["true_mean"].tolist()[:3] == SITES["mean"].tolist()[:3]
    svg = rendered("SVG", chart.to_dict()).decode()
    assert "a:linear" in svg
    assert "b:relu" in svg
    assert len(sites.signal(SITES.head(1), DOWN, "Std").spec["layer"]) == 3


def test_of_a_long_name_of_a_site_the_end_is_shown():
    long = "encoder.layers.11.attention.output.dense:linear"
    frame = SITES.assign(site=[long, "b"] * 2)
    svg = rendered("SVG", sites.signal(frame, sites.Column([long, "b"], (1e-10, 2.0), 16), "Std").to_dict()).decode()
    assert f">…{long[-15:]}<" in svg


def test_axes_of_layers_keep_their_titles():
    titles = {axis.get("title") for axis in compiled("plane")["axes"]}
    assert {"Weight variance σw²", "Bias variance σb²"} <= titles


def test_the_legend_of_dashes_shows_them():
    (dashes,) = [legend for legend in compiled("lines, panels")["legends"] if "strokeDash" in legend]
    assert "transparent" not in json.dumps(dashes["encode"]["symbols"])


@pytest.mark.essential("nothing is dropped silently")
def test_an_overflow_is_marked_once_where_it_begins_and_never_dropped_silently():
    lost = lines(rows((1, np.inf, np.nan), lost=1), LAYER, VALUE, INIT)
    assert crosses(lost)
    data = lost.data["rows"]
    assert data.loc[data["first_lost"], "layer"].tolist() == [3, 3]
    assert not crosses(lines(rows(), LAYER, VALUE, INIT))


def test_a_zero_on_a_logarithmic_axis_stands_below_the_rest():
    data = lines(rows((1.0, 0.01, 0.0)), LAYER, LOG, INIT).data["rows"]
    assert data.loc[data["layer"] == 3, "mean"].tolist() == pytest.approx([1e-3, 1e-3])


def test_where_zeros_stand_the_chart_says_so_and_the_tooltip_tells_the_truth():
    chart = lines(rows((1.0, 0.01, 0.0)), LAYER, LOG, INIT)
    data = chart.data["rows"]
    (words,) = [layer for layer in chart.spec["layer"] if layer["mark"]["type"] == "text"]
    assert words["encoding"]["y"]["datum"] == data["mean"].min() > 0
    assert rendered("SVG", chart.to_dict()).decode().count(f">{ZEROS}</text>") == 1
    panels = lines(rows((1.0, 0.01, 0.0)), LAYER, LOG, INIT, panels=INIT)
    assert rendered("SVG", panels.to_dict()).decode().count(f">{ZEROS}</text>") == len(INIT.values)
    for name in ("mean", "low", "high"):
        true = data[f"true_{name}"]
        assert f"datum.true_{name}" in told(chart)
        assert true[data["layer"] == 3].tolist() == [0, 0]
        assert (true[data["layer"] < 3] > 0).all()
    without = lines(rows((1.0, 0.01)), LAYER, LOG, INIT)
    assert [layer["mark"]["type"] for layer in without.spec["layer"]].count("text") == 0
    assert "true_" not in told(without)


def test_a_band_that_reaches_below_zero_is_told_as_it_is():
    frame = rows((1.0, 0.01)).assign(low=-0.5)
    chart = lines(frame, LAYER, LOG, INIT)
    assert (chart.data["rows"]["low"] > 0).all()
    assert "datum.true_low" in told(chart)
    assert (chart.data["rows"]["true_low"] == -0.5).all()
    # No mean is zero.
    assert [layer for layer in chart.spec["layer"] if layer["mark"]["type"] == "text"] == []


def test_where_all_is_zero_the_axis_is_linear():
    chart = lines(rows((0.0, 0.0)), LAYER, LOG, INIT)
    assert chart.data["rows"]["mean"].tolist() == [0.0] * 4
    scales = [layer["encoding"]["y"]["scale"] for layer in chart.spec["layer"] if "y" in layer["encoding"]]
    assert [scale.get("type") for scale in scales] == [None] * len(scales)


def test_a_band_is_called_what_it_is():
    assert {"lowest", "highest"} <= tooltip(lines(rows(), NAMES, VALUE, INIT)).keys()
    assert '"Std, mean (lowest and highest seed)"' in table(lines(rows(), LAYER, VALUE, INIT))
    for band in BANDS.values():
        named = tooltip(lines(rows(), NAMES, VALUE, INIT, band=band))
        assert named[f"{band}, from"] == "low"
        assert named[f"{band}, to"] == "high"
        assert not {"lowest", "highest"} & named.keys()
        assert f'"Std, mean ({band})"' in table(lines(rows(), LAYER, VALUE, INIT, band=band))


def test_a_band_without_width_is_neither_drawn_nor_told():
    flat = rows().assign(low=lambda frame: frame["mean"], high=lambda frame: frame["mean"])
    chart = lines(flat.drop(columns=[*THEORY]), LAYER, VALUE, INIT)
    assert "datum.low" not in told(chart)
    assert '"of": "Std"' in table(chart)
    assert "area" not in [layer["mark"]["type"] for layer in chart.spec["layer"]]
    of_names = lines(flat.drop(columns=[*THEORY]), NAMES, VALUE, INIT)
    assert not {"lowest", "highest"} & tooltip(of_names).keys()


def told(chart: Chart):
    """Return what is told of a line beside the rule under the pointer, as an expression."""
    (rule,) = [layer for layer in chart.spec["layer"] if layer.get("name") == f"{reading.VIEWS}_rule"]
    return rule["transform"][0]["calculate"]


def table(chart: Chart):
    """Return the table beside the rule under the pointer, as an expression."""
    layers = chart.spec.get("spec", chart.spec)["layer"]
    (rule,) = [layer for layer in layers if layer.get("name") == f"{reading.VIEWS}_rule"]
    return rule["encoding"]["tooltip"]["value"]["expr"]


def tooltip(chart: Chart):
    """Return the field of each title in what a pointer shows over points above names."""
    (shown,) = {json.dumps(x["encoding"]["tooltip"]) for x in chart.spec["layer"] if "tooltip" in x["encoding"]}
    return {entry["title"]: entry["field"] for entry in json.loads(shown)}


@pytest.mark.essential("theory stands beside what was measured, or not at all")
def test_theory_is_drawn_when_and_only_when_there_is_theory():
    greys = []
    alone, none = rows().assign(theory_low=np.nan, theory_high=np.nan), dict.fromkeys(THEORY, np.nan)
    for frame in (rows(), alone, rows().assign(theory=np.nan), rows().assign(**none), rows().drop(columns=[*THEORY])):
        chart = lines(frame, LAYER, VALUE, INIT)
        fields = [layer["encoding"].get("y", {}).get("field") for layer in chart.spec["layer"]]
        greys.append([field for field in fields if str(field).startswith("theory")])
    assert greys == [["theory_low", "theory"], ["theory"], [], [], []]


@pytest.mark.parametrize(("tap", "said"), [("act", "std 1"), ("pre", "std 2"), ("grad", "rms 3")])
def test_above_each_panel_stands_the_statistic_of_what_it_shows(tap, said):
    notes = strip(BINS, statistics(), "#123456", tap).spec["facet"]["sort"]
    assert [note.split("|")[1] for note in notes] == [said, f"{said.split()[0]} overflows", said]
    without = strip(BINS, statistics()[["layer", "mean", "std", "std_overflowed"]], "#123456", "pre")
    assert [note.split("|")[0] for note in without.spec["facet"]["sort"]] == ["layer 1", "layer 2", "layer 3"]
    assert "std" not in "".join(without.spec["facet"]["sort"])


@pytest.mark.parametrize(
    "draw", [lambda bins: strip(bins, statistics(), "#123456", "act"), lambda b: ridges(b, "#123")]
)
def test_the_axes_of_histograms_are_written_for_people(draw):
    wide = BINS.assign(left=BINS["left"] * 12, right=BINS["right"] * 12)
    words = re.findall(r">([^<>]+)</text>", rendered("SVG", draw(wide).to_dict()).decode())
    assert {"−10", "10"} <= set(words)
    assert not [word for word in words if re.search(r"\de", word)]


def test_negative_weights_are_dark_and_positive_ones_light():
    frame = pd.DataFrame({"image": 0, "row": 0, "column": [0, 1, 2], "value": [-2.0, 0.0, 2.0]})
    shades = re.findall(r'fill="rgb\((\d+), \1, \1\)"', rendered("SVG", images(frame).to_dict()).decode())
    negative, zero, positive = map(int, shades)
    assert negative < 64 < zero < 192 < positive


def test_a_diverged_tile_is_marked():
    chart = heat_map(tiles(), ["a", "b"], ["2", "10"], TITLES)
    (marks,) = crosses(chart)
    assert marks["transform"] == [{"filter": "datum.share_diverged > 0"}]
    assert chart.data["tiles"]["value"].isna().sum() == 2


def test_a_tile_of_the_plane_without_a_finite_value_has_no_colour_of_the_scale():
    frame = field()
    grey = "rgba(122, 135, 147, 0.25)"
    for shown, count in ((frame, 2), (frame.head(1), 0)):
        picture = rendered("SVG", plane(shown, NAMED, NAMED, "χ₁", rate=True).to_dict()).decode()
        assert picture.count(f'fill="{grey}"') == count


@pytest.mark.parametrize(("values", "scale"), [((0.7, 2.0, 300.0), "log"), ((0.7, 2.0, 3.0), None), ((0, 1, 99), None)])
def test_depths_of_decades_are_told_apart_by_their_colours(values, scale):
    frame = field().assign(value=values)
    assert (
        plane(frame, NAMED, NAMED, "ξ", rate=False).spec["layer"][0]["encoding"]["color"]["scale"].get("type") == scale
    )


@dataclass(frozen=True)
class Given:
    """Rows of one's own as the source of a figure."""

    sql: str = "SELECT 1"

    def file(self, kind):
        return f"rows as {kind}".encode()


def test_a_figure_is_downloaded_as_its_rows_or_as_its_picture():
    assert set(FORMATS) == {"CSV", "Parquet", "SVG", "PNG"}
    figure = Figure("Does it last?", DRAWINGS["lines"][1](rows()), Given(), "", "A note below it.")
    assert figure.file("CSV") == b"rows as CSV"
    assert figure.file("Parquet") == b"rows as Parquet"
    assert figure.file("PNG").startswith(b"\x89PNG")
    for chart in (figure.chart, DRAWINGS["lines, panels"][1](rows()), Group({"a": figure.chart, "b": figure.chart})):
        words = re.findall(r">([^<>]+)</t", replace(figure, chart=chart).file("SVG").decode())
        assert {"Does it last?", "A note below it.", "Goldilocks"} <= set(words)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_text_that_is_missing_is_drawn_as_such(missing):
    frame = pd.DataFrame({"name": ["a", missing], "value": [1.0, 2.0]})
    assert list(quick(frame, "name", "value", "name").data["rows"]["colour"]) == ["a", "NULL"]


@pytest.mark.parametrize(
    ("columns", "told"),
    [({"x": [1, 2, 3], "a": ["p", "q", "r"]}, None),
     ({"x": [1, 1, 2, 2], "a": ["p", "p", "q", "q"], "b": ["s", "t", "s", "t"]}, "b"),
     ({"x": [1, 1, 1, 1], "a": ["p", "p", "q", "q"]}, "a"),
     ({"x": [1] * (MOST_COLOURS + 1), "a": [f"p{n}" for n in range(MOST_COLOURS + 1)]}, None),
     ({"x": [1, 1]}, None)],
)  # fmt: skip
def test_a_colour_is_guessed_where_it_tells_rows_of_one_x_apart(columns, told):
    assert tells_apart(pd.DataFrame(columns), "x", [name for name in columns if name != "x"]) == told


def test_no_line_has_two_values_at_one_x():
    frame = pd.DataFrame({"x": [1, 1, 2, 2], "y": [0.1, 0.9, 0.2, 0.8], "a": ["p", "q", "p", "q"]})
    assert quick(frame, "x", "y", None).to_dict()["mark"]["type"] == "point"
    assert quick(frame, "x", "y", "a").to_dict()["mark"]["type"] == "line"
