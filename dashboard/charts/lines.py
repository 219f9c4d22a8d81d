"""Something against something for several configurations: mean over seeds, their range, theory, and what was lost."""

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from goldilocks.dashboard.charts import reading, style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.line_template import HEIGHT, LAST, MOST_TICKS, PANEL_HEIGHT, TRUE, Shape, template
from goldilocks.dashboard.charts.panels import Panels
from goldilocks.dashboard.charts.template import Spec

# Nobody tells more lines apart: pages draw the first so many.
MOST_LINES = 60
# Letters of a title that fit beside a chart of a usual height, and beside a lower one; longer ones take more lines.
TITLE_LETTERS, LOW_LETTERS = 32, 18
# Of a panel, and of what the numbers and each line of the title beside the panels take.
LEAST_WIDTH, MOST_WIDTH, PANELS_PER_ROW, FRAME_WIDTH, TITLE_LINE = 190, 640, 4, 60, 16
# What a cross that ends a line at the right edge of the last panel reaches beyond it.
CROSS_WIDTH = 10
# The columns with the mean as it was measured, where another one is drawn, and with what is to stand out.
AS_MEASURED, PINNED = "measured", "pinned"
MEASURED, THEORY = ("mean", "low", "high"), ("theory", "theory_low", "theory_high")


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
        fitted: whether a share is drawn between the least and the largest value instead.
        category: whether its values are names, in the order of `values`.
        colours: of its values, where they have colours of their own.
    """

    field: str
    title: str
    logarithmic: bool = False
    values: Sequence = ()
    whole: bool = False
    share: bool = False
    fitted: bool = False
    category: bool = False
    colours: Sequence[str] = ()


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
    height: int | None = None,
) -> Chart:
    """Draw means with ranges.

    Args:
        frame: one row per configuration and x: configuration, the columns of the axes, mean, low, high, seeds, lost
            (seeds whose value is not finite); optionally theory, theory_low, theory_high, the mean as it was measured,
            where another one is drawn (`AS_MEASURED`), and whether its line is to stand out (`PINNED`).
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
        height: of a plot, in pixels, where it is not the usual one.

    Returns:
        Lines with bands, where these have any width; grey dashes for theory, with its band. What is not finite has no
        place on the axis: a line ends with a cross of its own colour where seeds were lost, as high as its last finite
        mean; at the upper edge where it had none.
    """
    if y.logarithmic and not _some_positive(frame["mean"]):
        y = replace(y, logarithmic=False)
    data = _tidy(frame, x, y, [axis for axis in (colour, dash, panels) if axis])
    zeros = y.logarithmic and _some_zero(frame["mean"])
    shape = _shape(data, x, y, colour, dash, panels, points, zero, band, cursor, zeros)
    values = _values(data, x, y, colour, dash, band, cursor)
    values["height"] = height or (HEIGHT if panels is None else PANEL_HEIGHT)
    values["y_lines"] = beside = _beside(y, values["height"])
    values["table"] = reading.table(data, x.field, x.title, _of(y, band, shape.wide), panels.field if panels else None)
    if panels is None:
        return style.chart(template(shape), values, rows=data)
    values |= {"panels_field": panels.field, "panels": panels.title, "panels_names": [str(v) for v in panels.values]}
    frame_width = FRAME_WIDTH + TITLE_LINE * len(beside) + (CROSS_WIDTH if data["first_lost"].any() else 0)
    layout = Panels(len(panels.values), LEAST_WIDTH, MOST_WIDTH, PANELS_PER_ROW, frame=frame_width)
    return style.chart(template(shape), values, layout, rows=data)


def _shape(
    data: pd.DataFrame,
    x: Axis,
    y: Axis,
    colour: Axis,
    dash: Axis | None,
    panels: Axis | None,
    points: bool,
    zero: bool,
    band: str,
    cursor: float | None,
    zeros: bool,
) -> Shape:
    placed = data.loc[data["first_lost"], LAST].notna() if data["first_lost"].any() else pd.Series(dtype=bool)
    return Shape(
        category=x.category,
        logarithmic=(x.logarithmic, y.logarithmic),
        whole=x.whole,
        ticks=bool(_measured(data, x)),
        share=y.share,
        fitted=y.fitted,
        zero=zero,
        legend=bool(colour.title) and len(colour.values) > 1,
        dashed=dash is not None and len(dash.values) > 1,
        panels=panels is not None,
        points=points,
        wide=_has_width(data),
        band=bool(band),
        predicted=_has("theory", data),
        scattered=_has("theory", data) and _has("theory_low", data),
        cursor=cursor is not None,
        floor=zeros,
        ends=(bool(placed.any()), bool((~placed).any())),
        pinned=PINNED in data,
        true=frozenset(name for name in MEASURED if f"{TRUE}{name}" in data),
    )


def _values(
    data: pd.DataFrame, x: Axis, y: Axis, colour: Axis, dash: Axis | None, band: str, cursor: float | None
) -> Spec:
    """Return what the slots are filled with."""
    names, across = [str(value) for value in colour.values], [str(value) for value in x.values]
    least = data["mean"].min()
    values: Spec = {
        "x_field": x.field,
        "x": x.title,
        "x_datum": f"datum[{json.dumps(x.field)}]",
        "x_ticks": _measured(data, x),
        "x_names": across,
        "y": y.title,
    }
    values |= style.leaning_values(across) | style.colour_values("colour", colour.field, names, colour.colours)
    values |= {
        "colour": colour.title,
        "band": band,
        "cursor": cursor,
        "floor": float(least) if np.isfinite(least) else None,
    }
    if dash is not None:
        dashes = [str(value) for value in dash.values]
        values |= {"dash_field": dash.field, "dash": dash.title, "dash_names": dashes}
        values |= style.legend_values("dash", dashes)
    return values


def _measured(data: pd.DataFrame, x: Axis) -> list[float]:
    """Return what was measured, where a logarithmic axis has ticks there and not at powers of ten."""
    numbers = sorted(data[x.field].dropna().unique()) if x.logarithmic else []
    return [float(number) for number in numbers] if len(numbers) <= MOST_TICKS else []


def _of(y: Axis, band: str, wide: bool) -> str:
    """Return what the numbers beside the rule are."""
    return f"{y.title}, mean ({band or 'lowest and highest seed'})" if wide else y.title


def _some_positive(values: pd.Series) -> bool:
    numbers = values.to_numpy(float, na_value=np.nan)
    return bool((np.isfinite(numbers) & (numbers > 0)).any())


def _some_zero(means: pd.Series) -> bool:
    return bool((means.to_numpy(float, na_value=np.nan) <= 0).any())


def _has(name: str, data: pd.DataFrame) -> bool:
    return name in data and bool(data[name].notna().any())


def _beside(y: Axis, height: int) -> list[str]:
    """Return the lines of the title beside a chart."""
    return textwrap.wrap(y.title, TITLE_LETTERS if height >= PANEL_HEIGHT else LOW_LETTERS)


def _has_width(data: pd.DataFrame) -> bool:
    """Tell whether a band can be seen: one seed has none, and neither has a share whose range is not stored."""
    return bool(((data["low"] < data["mean"]) | (data["mean"] < data["high"])).any())


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
    if AS_MEASURED in frame:
        columns[f"{TRUE}mean"] = frame[AS_MEASURED].to_numpy(float, na_value=np.nan)
    if PINNED in frame and frame[PINNED].any():
        columns[PINNED] = frame[PINNED].to_numpy(bool)
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
        if f"{TRUE}{name}" not in data:
            data[f"{TRUE}{name}"] = measured[name]
    data[list(MEASURED)] = measured.where(~vanished, floor)
    # Theory far outside of what was measured would only squeeze the axis.
    theory = data[[name for name in THEORY if name in data]]
    data[theory.columns] = theory.where((theory >= floor) & (theory <= ceiling))
    return data
