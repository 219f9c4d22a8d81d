"""Parallel coordinates: one line for each configuration, across axes and outcomes that stand side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.template import Spec, described, slot

HEIGHT = 300
# More lines than this are a grey surface.
MOST_LINES = 400
# Numbers are marked at so many places of their axis.
TICKS = 5
# The lines that pass through a part of an axis: dragged over with the pointer.
BRUSH, ISOLATED = "part", "only"
# Vega draws what is dragged over with elements that nobody can name for a screen reader, nor hide from it: on a canvas
# they are none, and the alternative text describes the figure as a whole.
ONE_IMAGE: Spec = {"embedOptions": {"renderer": "canvas"}}
# Of lines that do not pass through it.
FADED = 0.04


@dataclass(frozen=True)
class Coordinate:
    """An axis of the figure.

    Attributes:
        field: the column.
        title: what it is called.
        values: its values from below, for one that has names or few numbers; otherwise it is a scale of numbers.
        logarithmic: whether that scale is.
        share: whether its numbers are shares, from 0 to 1.
    """

    field: str
    title: str
    values: Sequence[Any] = ()
    logarithmic: bool = False
    share: bool = False


def parallel(
    frame: pd.DataFrame,
    coordinates: Sequence[Coordinate],
    colour: str,
    title: str,
    names: Sequence[str],
    paint: Sequence[str],
) -> Chart:
    """Draw configurations across several axes.

    Args:
        frame: one row for each configuration: configuration, and the columns of the coordinates.
        coordinates: the axes from left to right.
        colour: the column that colours the lines.
        title: of the legend.
        names: its values, as texts.
        paint: their colours.

    Returns:
        Lines that a click in the legend isolates, and of which those stay that pass through a part of an axis which is
        dragged over. What is not finite has no place on an axis: its line has a gap there.
    """
    titles = [one.title for one in coordinates]
    parts = [_points(frame, one, colour) for one in coordinates]
    points = pd.concat(parts, ignore_index=True)
    marks = pd.concat([_marks(frame, one) for one in coordinates], ignore_index=True)
    values: Spec = {"titles": titles} | style.colour_values("colour", "colour", names, paint)
    values |= {"colour": title, **style.leaning_values(titles)}
    return style.chart(_template(len(names) > 1), values, axis_width=0, points=points, marks=marks)


def _points(frame: pd.DataFrame, one: Coordinate, colour: str) -> pd.DataFrame:
    texts = [_text(value, one) for value in frame[one.field]]
    return pd.DataFrame(
        {
            "configuration": frame["configuration"].astype(str),
            "colour": frame[colour].astype(str),
            "axis": one.title,
            "place": _places(frame[one.field], one, frame[one.field]),
            "value": texts,
        }
    )


def _marks(frame: pd.DataFrame, one: Coordinate) -> pd.DataFrame:
    """Return what is written beside an axis: its values, or some numbers of its scale."""
    found = list(one.values) if len(one.values) else _numbers(frame[one.field], one)
    texts = [_text(value, one) for value in found]
    return pd.DataFrame({"axis": one.title, "place": _places(pd.Series(found), one, frame[one.field]), "value": texts})


def _numbers(values: pd.Series, one: Coordinate) -> list[float]:
    if one.share:
        return list(np.linspace(0, 1, TICKS))
    numbers = _scaled(values, one)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return []
    found = np.unique(np.linspace(numbers.min(), numbers.max(), TICKS))
    return list(10**found if one.logarithmic else found)


def _scaled(values: pd.Series, one: Coordinate) -> np.ndarray:
    numbers = values.to_numpy(float, na_value=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(numbers) if one.logarithmic else numbers


def _places(values: pd.Series, one: Coordinate, all_values: pd.Series) -> np.ndarray:
    """Return where values stand on an axis, between 0 below and 1 above; NaN where they have no place."""
    if len(one.values):
        named = {value: (place + 0.5) / len(one.values) for place, value in enumerate(one.values)}
        return np.array([named.get(value, np.nan) for value in values], float)
    numbers, scale = _scaled(values, one), _scaled(all_values, one)
    finite = scale[np.isfinite(scale)]
    if not len(finite):
        return np.full(len(numbers), np.nan)
    low, high = (0.0, 1.0) if one.share else (finite.min(), finite.max())
    places = (numbers - low) / (high - low) if high > low else np.where(np.isfinite(numbers), 0.5, np.nan)
    return np.where(np.isfinite(places), places, np.nan)


def _text(value: Any, one: Coordinate) -> str:
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return "none"
        return f"{value:.0%}" if one.share else f"{value:.3g}"
    return str(value)


@described
def _template(several: bool) -> alt.TopLevelMixin:
    """Return the figure.

    Args:
        several: whether there are several colours.
    """
    lines, marks = alt.NamedData("points"), alt.NamedData("marks")
    below = style.leaning(orient="bottom", domain=False)
    x = alt.X(field="axis", type="nominal", sort=slot("titles"), title=None, axis=below, scale=alt.Scale(padding=0.45))
    y = alt.Y(field="place", type="quantitative", scale=alt.Scale(domain=[0, 1]), axis=None)
    paint = style.colour("colour", slot("colour"), shown=several)
    shared: dict[str, Any] = {"x": x, "y": y, "color": paint}
    # Inside: whether a point lies in the part that was dragged over; a line is kept for one of its points.
    inside = f"!length(data('{BRUSH}_store')) || vlSelectionTest('{BRUSH}_store', datum) ? 1 : 0"
    drawn = (
        alt.Chart(lines, name="configurations")
        .transform_filter({"param": ISOLATED})
        .transform_calculate(inside=inside)
        .transform_joinaggregate(kept="max(inside)", groupby=["configuration"])
        .mark_line(strokeWidth=2, strokeJoin="round")
        .encode(
            **shared,
            detail=alt.Detail(field="configuration", type="nominal"),
            opacity=alt.value(FADED, condition={"test": "datum.kept > 0", "value": 0.75}),
        )
        .add_params(alt.selection_point(name=ISOLATED, fields=["colour"], bind="legend", toggle="true"))
    )
    dots = (
        alt.Chart(lines, name="values")
        .transform_filter({"param": ISOLATED})
        .mark_point(filled=True, size=26, opacity=0.75)
        .encode(**shared, tooltip=style.tooltips({"configuration": "Configuration", "axis": "Axis", "value": "Value"}))
        .add_params(alt.selection_interval(name=BRUSH, encodings=["x", "y"]))
    )
    upright = alt.Chart(marks).mark_rule(color=theme.NEUTRAL, opacity=0.5).encode(x=x)
    words = alt.Chart(marks).mark_text(align="left", dx=7, fontSize=11.5, limit=105)
    words = words.encode(x=x, y=y, text=alt.Text(field="value", type="nominal"))
    return alt.layer(upright, drawn, words, dots, height=HEIGHT, usermeta=ONE_IMAGE)
