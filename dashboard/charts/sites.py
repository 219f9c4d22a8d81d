"""What the sites of a network give on and get back, by their names from top to bottom, as they are executed."""

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

# In pixels: a row where there are few, and the height beyond which rows become narrower and names are left out.
ROW_HEIGHT, MOST_HEIGHT = 15, 900
COLOURS = (theme.BLUE, theme.ORANGE)
# What a logarithmic axis shows where nothing has a place on it.
NOWHERE = (0.1, 10.0)
SIDE_BEARING = 34


@dataclass(frozen=True)
class Column:
    """What several charts that stand beside each other have in common.

    Attributes:
        names: of the sites, from top to bottom.
        extent: the least and the largest number of the horizontal axis.
        letters: how many of a name there is room for.
    """

    names: Sequence[str]
    extent: tuple[float, float]
    letters: int

    @property
    def values(self) -> Spec:
        """What the slots of its axes are filled with."""
        height = min(ROW_HEIGHT * max(len(self.names), 1), MOST_HEIGHT)
        return {"sites": list(self.names), "extent": list(self.extent), "letters": self.letters, "height": height}

    @property
    def axis_width(self) -> int:
        """What the axis with the names takes, in pixels."""
        longest = min(max((len(name) for name in self.names), default=1), self.letters)
        return round(longest * style.LETTER_WIDTH) + SIDE_BEARING


def extent(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a logarithmic axis for what of some numbers has a place on it.

    Args:
        values: of all charts beside each other.
    """
    numbers = np.asarray(values, float)
    placed = numbers[np.isfinite(numbers) & (numbers > 0)]
    return (float(placed.min()), float(placed.max())) if placed.size else NOWHERE


def signal(rows: pd.DataFrame, column: Column, title: str) -> Chart:
    """Draw sizes along the sites on a logarithmic axis.

    Args:
        rows: site, quantity (in the order of their colours), mean, low, high, seeds, lost (seeds whose value is not
            finite), rms and what theory expects of it, both None where they are not known.
        column: the axes.
        title: of the horizontal one.

    Returns:
        A line for each quantity, with a bar from the lowest to the highest seed. What is not finite has a cross at the
        right edge, and zero a ring at the left one: neither has a place on the axis.
    """
    least, most = column.extent
    data = rows.assign(place=rows["site"].map({name: place for place, name in enumerate(column.names)}))
    for name in ("mean", "low", "high"):
        numbers = data[name].to_numpy(float, na_value=np.nan)
        data[f"true_{name}"] = numbers
        data[name] = np.where(np.isfinite(numbers) & (numbers > 0), numbers, np.nan)
    data["zero"] = data["true_mean"] == 0
    # A bar begins at the edge where a seed is zero.
    data["low"] = data["low"].where(data["true_low"] != 0, least)
    names = list(dict.fromkeys(rows["quantity"]))
    values = column.values | style.colour_values("quantity", "quantity", names, COLOURS[: len(names)])
    values |= {"title": title}
    marked = (bool((data["lost"] > 0).any()), bool(data["zero"].any()), least < most)
    return style.chart(_signal(*marked), values, axis_width=column.axis_width, rows=data)


@described
def _signal(lost: bool, zero: bool, wide: bool) -> alt.TopLevelMixin:
    """Return lines along the sites.

    Args:
        lost: whether something is not finite.
        zero: whether something is zero.
        wide: whether the horizontal axis has two ends.
    """
    scale: Spec = {"padding": 6} | ({"domain": slot("extent")} if wide else {})

    def across(field: str) -> alt.X:
        return style.number(alt.X, field, slot("title"), True, axis={"tickCount": 4, "orient": "top"}, scale=scale)

    shown = style.tooltips(
        {"site": "Site", "quantity": "What", "seeds": "Seeds", "lost": "Not finite"},
        {
            **{"true_mean": "geometric mean", "true_low": "lowest", "true_high": "highest"},
            **{"rms": "root mean square", "theory": "in theory"},
        },
    )
    paint = style.colour("quantity", "", "stroke")
    shared: Spec = {"y": _sites(), "color": paint}
    order = alt.Order(field="place", type="quantitative")
    bars = alt.Chart().mark_rule(strokeWidth=5, opacity=0.28).encode(**shared, x=across("low"), x2=alt.X2(field="high"))
    line = alt.Chart().mark_line(strokeWidth=2).encode(**shared, x=across("mean"), order=order)
    dots = alt.Chart().mark_point(filled=True, size=26, opacity=1).encode(**shared, x=across("mean"), tooltip=shown)
    layers = [bars, line, dots]
    if zero:
        ring = alt.Chart().mark_point(size=46, filled=False, strokeWidth=1.6, opacity=1)
        layers.append(ring.encode(**shared, x=alt.value(0), tooltip=shown).transform_filter("datum.zero"))
    if lost:
        cross = alt.Chart().mark_point(**style.END | {"size": 90})
        layers.append(cross.encode(**shared, x=alt.value("width"), tooltip=shown).transform_filter("datum.lost > 0"))
    return alt.layer(*layers, data=alt.NamedData("rows"), height=slot("height"))


def shares(rows: pd.DataFrame, column: Column, title: str) -> Chart:
    """Draw shares of the sites that have any.

    Args:
        rows: site, quantity (in the order of their colours), share.
        column: the axes.
        title: of the horizontal one.
    """
    names = list(dict.fromkeys(rows["quantity"]))
    colours = (theme.GREY, theme.GOLD)[: len(names)]
    values = column.values | style.colour_values("quantity", "quantity", names, colours) | {"title": title}
    return style.chart(_shares(), values, axis_width=column.axis_width, rows=rows)


@described
def _shares() -> alt.TopLevelMixin:
    scale = alt.Scale(domain=[0, 1])
    axis: Any = alt.Axis(format=".0%", tickCount=3, orient="top")
    across = alt.X(field="share", type="quantitative", title=slot("title"), scale=scale, axis=axis)
    shown = [
        *style.tooltips({"site": "Site", "quantity": "What"}),
        alt.Tooltip(field="share", type="quantitative", title="share", format=".1%"),
    ]
    paint = style.colour("quantity", "", "circle")
    dots = alt.Chart(alt.NamedData("rows"), height=slot("height")).mark_point(filled=True, size=60, opacity=1)
    return dots.encode(x=across, y=_sites(), color=paint, tooltip=shown)


def _sites() -> alt.Y:
    """Return the axis of the names: of long ones the end, which tells them apart."""
    letters = slot("letters")
    short = f"length(datum.label) > {letters} ? '…' + slice(datum.label, 1 - {letters}) : datum.label"
    axis = alt.Axis(labelExpr=short, labelLimit=400, labelOverlap="greedy", grid=True, labelFontSize=11, ticks=False)
    return alt.Y(field="site", type="nominal", title=None, sort=slot("sites"), axis=axis)
