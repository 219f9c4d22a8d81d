"""Something against something for several configurations: mean over seeds, their range, theory, and what was lost."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart, Spec
from goldilocks.dashboard.charts.panels import Panels

# Nobody tells more lines apart: pages draw the first so many.
MOST_LINES = 60
HEIGHT, PANEL_HEIGHT, EDGE = 220, 200, 8
# Letters of a title that fit beside the lowest chart; longer ones take two lines.
TITLE_LETTERS = 32
# Of a panel, and of what the numbers and each line of the title beside the panels take.
LEAST_WIDTH, MOST_WIDTH, PANELS_PER_ROW, FRAME_WIDTH, TITLE_LINE = 190, 640, 4, 60, 16
# What a cross that ends a line at the right edge of the last panel reaches beyond it.
CROSS_WIDTH = 10
MEASURED, THEORY = ("mean", "low", "high"), ("theory", "theory_low", "theory_high")
# Before the name of a number that is drawn elsewhere than it is; what stands there.
TRUE, ZEROS = "true_", "zeros stand here"
# The column with the height at which a line ends.
LAST = "last_mean"


@dataclass(frozen=True)
class Axis:
    """A column on an axis, in a legend or across panels.

    Attributes:
        field: the column.
        title: what it is called.
        logarithmic: whether its scale is.
        values: its values in order, for a legend or panels.
        whole: whether its values are whole numbers.
        share: whether it is a share, drawn between 0 and 1.
        category: whether its values are names, in the order of `values`.
    """

    field: str
    title: str
    logarithmic: bool = False
    values: Sequence = ()
    whole: bool = False
    share: bool = False
    category: bool = False


def lines(
    frame: pd.DataFrame,
    x: Axis,
    y: Axis,
    colour: Axis,
    dash: Axis | None = None,
    panels: Axis | None = None,
    cursor: float | None = None,
    points: bool = True,
    zero: bool = True,
    band: str = "",
) -> Chart:
    """Draw means with ranges.

    Args:
        frame: one row per configuration and x: configuration, the columns of the axes, mean, low, high, seeds, lost
            (seeds whose value is not finite); optionally theory, theory_low, theory_high.
        x: the horizontal axis.
        y: title and scale of the vertical axis; on a logarithmic one, zero stands a decade below the rest, and the
            chart says so. It is linear where nothing is above zero.
        colour: the column that colours the lines.
        dash: the column that dashes them, if any.
        panels: the column that makes panels, if any.
        cursor: where a vertical rule stands, if anywhere.
        points: whether each mean has a dot.
        zero: whether a linear vertical axis starts at zero.
        band: what low and high are the ends of, such as a value of `interval.BANDS`; by default, the lowest and the
            highest of the seeds.

    Returns:
        Lines with bands, where these have any width; grey dashes for theory, with its band. What is not finite has no
        place on the axis: a line ends with a cross of its own colour where seeds were lost, as high as its last finite
        mean; at the upper edge where it had none.
    """
    if y.logarithmic and not _some_positive(frame["mean"]):
        y = replace(y, logarithmic=False)
    data = _tidy(frame, x, y, [axis for axis in (colour, dash, panels) if axis])
    across = _across(x)
    layers = _layers(data, x, y, across, colour, dash, points, zero, band)
    if cursor is not None:
        rule = {"type": "rule", "aria": False, "color": theme.NEUTRAL, "strokeWidth": 1.5, "opacity": 0.8}
        layers.append({"mark": rule, "encoding": {"x": {"datum": cursor, "type": "quantitative"}}})
    if panels is None:
        return style.chart({"data": {"name": "rows"}, "layer": layers, "height": HEIGHT}, rows=data)
    facet = {"field": panels.field, "type": "nominal", "title": panels.title, "sort": [str(v) for v in panels.values]}
    spec: Spec = {"data": {"name": "rows"}, "facet": facet, "spec": {"layer": layers, "height": PANEL_HEIGHT}}
    frame_width = FRAME_WIDTH + TITLE_LINE * len(_beside(y)) + (CROSS_WIDTH if data["first_lost"].any() else 0)
    layout = Panels(len(panels.values), LEAST_WIDTH, MOST_WIDTH, PANELS_PER_ROW, frame=frame_width)
    return style.chart(spec, layout, rows=data)


def _some_positive(values: pd.Series) -> bool:
    numbers = values.to_numpy(float, na_value=np.nan)
    return bool((np.isfinite(numbers) & (numbers > 0)).any())


def _beside(y: Axis) -> list[str]:
    """Return the lines of the title beside a chart."""
    return textwrap.wrap(y.title, TITLE_LETTERS)


def _across(x: Axis) -> Spec:
    if x.category:
        names = [str(value) for value in x.values]
        axis = style.leaning(names)
        return {"field": x.field, "type": "nominal", "title": x.title, "sort": names, "axis": axis}
    ticks: Spec = {"grid": False} | ({"tickMinStep": 1, "format": "d"} if x.whole else {})
    return style.number(x.field, x.title, x.logarithmic, axis=ticks, scale={"nice": False})


def _layers(
    data: pd.DataFrame,
    x: Axis,
    y: Axis,
    across: Spec,
    colour: Axis,
    dash: Axis | None,
    points: bool,
    zero: bool,
    band: str,
) -> list[Spec]:
    up, shared = _upward(y, zero), _shared(x, across, colour)
    wide, predicted = _has_width(data), "theory" in data and data["theory"].notna().any()
    layers = []
    if wide:
        layers.append(_whiskers(shared, up("low")) if x.category else _area(shared, up, y, "low", "high", 0.16))
    if predicted:
        layers.append(_area(shared, up, y, "theory_low", "theory_high", 0.1))
    layers += _means(shared | {"y": up("mean"), "tooltip": _tooltip(data, x, y, band, wide)}, x, dash, points)
    if predicted:
        layers.append(_theory(shared, up("theory")))
    if f"{TRUE}mean" in data and (data[f"{TRUE}mean"] <= 0).any():
        layers.append(_zeros(up("mean"), float(data["mean"].min())))
    return [*layers, *_losses(data, shared, up(LAST))]


def _upward(y: Axis, zero: bool) -> Callable[[str], Spec]:
    """Return what makes the vertical encoding of a column."""
    # On a logarithmic axis the least and the largest lie on the very edge.
    scale: Spec = {"padding": EDGE} if y.logarithmic else {"zero": zero}
    scale |= {"domain": [0, 1]} if y.share else {}
    ticks = {"format": ".0%"} if y.share else {}
    return lambda field: style.number(field, _beside(y), y.logarithmic, scale=scale, axis=ticks)


def _shared(x: Axis, across: Spec, colour: Axis) -> Spec:
    """Return what all marks of a configuration have in common."""
    symbol = "circle" if x.category else "stroke"
    paint = style.colour(colour.field, [str(value) for value in colour.values], colour.title, symbol)
    return {"x": across, "color": paint, "detail": {"field": "configuration", "type": "nominal"}}


def _area(shared: Spec, up: Callable[[str], Spec], y: Axis, low: str, high: str, opacity: float) -> Spec:
    upper = {"field": high}
    # An interval of a share may reach beyond all shares there are.
    mark = {"type": "area", "opacity": opacity, "clip": y.share}
    return {"mark": mark, "encoding": shared | {"y": up(low), "y2": upper}}


def _means(encoding: Spec, x: Axis, dash: Axis | None, points: bool) -> list[Spec]:
    if x.category:
        # Nothing lies between two names.
        return [{"mark": {"type": "point", "filled": True, "size": 130, "opacity": 0.9}, "encoding": encoding}]
    dashed = {"strokeDash": _dashes(dash)} if dash is not None and len(dash.values) > 1 else {}
    line = {"mark": {"type": "line", "strokeWidth": 2.4}, "encoding": encoding | dashed}
    # A layer of their own: as part of the lines they would fill the symbols of the dashes in the legend.
    dots = {"mark": {"type": "point", "filled": True, "size": 36, "opacity": 1}, "encoding": encoding}
    return [line, dots] if points else [line]


def _theory(shared: Spec, up: Spec) -> Spec:
    mark = {"type": "line", "strokeDash": [3, 3], "strokeWidth": 1.6}
    plain = {key: value for key, value in shared.items() if key != "color"}
    return {"mark": mark, "encoding": plain | {"color": {"value": theme.NEUTRAL}, "y": up}}


def _has_width(data: pd.DataFrame) -> bool:
    """Tell whether a band can be seen: one seed has none, and neither has a share whose range is not stored."""
    return bool(((data["low"] < data["mean"]) | (data["mean"] < data["high"])).any())


def _tooltip(data: pd.DataFrame, x: Axis, y: Axis, band: str, wide: bool) -> list[Spec]:
    ends = {"low": f"{band}, from", "high": f"{band}, to"} if band else {"low": "lowest", "high": "highest"}
    numbers = {"mean": y.title} | (ends if wide else {})
    told = {(f"{TRUE}{name}" if f"{TRUE}{name}" in data else name): title for name, title in numbers.items()}
    texts = {"configuration": "Configuration", "seeds": "Seeds", "lost": "Not finite"}
    if x.category:
        return style.tooltips({**texts, x.field: x.title}, told)
    return style.tooltips(texts, {x.field: x.title, **told})


def _zeros(up: Spec, floor: float) -> Spec:
    """Return words on the floor of a logarithmic axis, where what is zero was put."""
    mark = {"type": "text", "text": ZEROS, "align": "left", "baseline": "bottom", "dy": -3, "color": theme.NEUTRAL}
    place = {key: value for key, value in up.items() if key != "field"} | {"datum": floor}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": {"x": {"value": 4}, "y": place}}


def _dashes(dash: Axis) -> Spec:
    names = [str(value) for value in dash.values]
    # Below, where the legend of the colours is not.
    legend = style.legend_of(names) | {
        "symbolType": "stroke", "symbolStrokeColor": theme.NEUTRAL, "symbolSize": 400, "symbolStrokeWidth": 2,
        "orient": "bottom",
    }  # fmt: skip
    return {"field": dash.field, "type": "nominal", "title": dash.title, "legend": legend, "sort": names}


def _losses(data: pd.DataFrame, shared: Spec, up: Spec) -> list[Spec]:
    """Return the crosses that end the lines of lost seeds."""
    if not data["first_lost"].any():
        return []
    tip = style.tooltips({"configuration": "Configuration", "lost": "Seeds not finite", "seeds": "Seeds"})
    placed = data.loc[data["first_lost"], LAST].notna()
    # Where nothing finite came before, there is no line to end.
    places = {
        f"isValid(datum.{LAST})": (placed.any(), up),
        f"!isValid(datum.{LAST})": ((~placed).any(), style.UPPER_EDGE),
    }
    return [
        {
            "transform": [{"filter": f"datum.first_lost && {condition}"}],
            "mark": style.END,
            "encoding": shared | {"y": y, "tooltip": tip},
        }
        for condition, (some, y) in places.items()
        if some
    ]


def _whiskers(shared: Spec, low: Spec) -> Spec:
    encoding = shared | {"y": low, "y2": {"field": "high"}}
    return {"mark": {"type": "rule", "aria": False, "strokeWidth": 2.5, "opacity": 0.45}, "encoding": encoding}


def _tidy(frame: pd.DataFrame, x: Axis, y: Axis, others: Sequence[Axis]) -> pd.DataFrame:
    wanted = dict.fromkeys(["configuration", x.field, *(axis.field for axis in others)])
    columns: dict[str, Any] = {name: frame[name].to_numpy() for name in wanted}
    for axis in others:
        if axis.field != x.field:
            columns[axis.field] = [str(value) for value in columns[axis.field]]
    # What is not there is not sent.
    for name in MEASURED + (THEORY if "theory" in frame else ()):
        values = frame[name].to_numpy(float, na_value=np.nan) if name in frame else np.full(len(frame), np.nan)
        columns[name] = np.where(np.isfinite(values), values, np.nan)
    for name in ("seeds", "lost"):
        columns[name] = frame[name].to_numpy(int) if name in frame else np.zeros(len(frame), int)
    data = pd.DataFrame(columns)
    lost = data["lost"] > 0
    data["first_lost"] = _first_losses(data, x.field) if lost.any() and not x.category else lost
    data = _without_zeros(data) if y.logarithmic else data
    if lost.any():
        data[LAST] = data["mean"] if x.category else _last_finite(data, x.field)
    return data


def _first_losses(data: pd.DataFrame, x: str) -> pd.Series:
    """Say for each row whether more seeds are lost than at the x before."""
    ascending = data.sort_values(x, kind="stable")
    before = ascending.groupby("configuration", sort=False)["lost"].shift(fill_value=0)
    return (ascending["lost"] > before).reindex(data.index)


def _last_finite(data: pd.DataFrame, x: str) -> pd.Series:
    """Return for each row the mean of its line there, or the last finite one before."""
    return data.sort_values(x, kind="stable").groupby("configuration", sort=False)["mean"].ffill().reindex(data.index)


def _without_zeros(data: pd.DataFrame) -> pd.DataFrame:
    """Put what vanished entirely a decade below the smallest other mean: a logarithmic axis has no zero.

    What it truly is stays beside it, for whoever asks.
    """
    positive = data.loc[data["mean"] > 0, "mean"]
    floor, ceiling = positive.min() / 10, positive.max() * 10
    measured = data[list(MEASURED)]
    vanished = measured <= 0
    for name in measured.columns[vanished.any()]:
        data[f"{TRUE}{name}"] = measured[name]
    data[list(MEASURED)] = measured.where(~vanished, floor)
    # Theory far outside of what was measured would only squeeze the axis.
    theory = data[[name for name in THEORY if name in data]]
    data[theory.columns] = theory.where((theory >= floor) & (theory <= ceiling))
    return data
