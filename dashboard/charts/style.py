"""What all charts share: typography, quiet axes, colours by name, and how a value that is not finite is drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard import theme
from dashboard.charts.chart import Chart, Spec
from dashboard.charts.panels import Panels

CONFIG: Spec = {
    "font": theme.FONT,
    "background": "transparent",
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12.5,
        "titleFontWeight": 500,
        "gridOpacity": theme.GRID_OPACITY,
        "domainOpacity": 0.5,
        "labelOverlap": "greedy",
    },
    "legend": {
        "labelFontSize": 12,
        "titleFontSize": 12.5,
        "orient": "bottom",
        "symbolStrokeWidth": 3,
        "labelLimit": 320,
        "offset": 6,
        "padding": 0,
    },
    "header": {"labelFontSize": 12.5, "titleFontSize": 12.5, "labelFontWeight": 600},
    "view": {"strokeOpacity": 0.15},
}
# In pixels: a legend under a chart on a phone, a letter of it, and a symbol with its gaps.
LEGEND_WIDTH, LETTER_WIDTH, SYMBOL_WIDTH, LEGEND_LINE = 300, 6.6, 34, 18
# The legend of a scale of colours, no longer than its chart is wide.
GRADIENT: Spec = {
    "orient": "top", "gradientLength": {"expr": "min(260, width)"}, "gradientThickness": 12, "titleLimit": 320,
    "format": "~g",
}  # fmt: skip
# What axis, titles and legend take of a chart's height, which Streamlit counts as part of it.
FRAME_HEIGHT = 100
CROSS: Spec = {"type": "point", "shape": "cross", "angle": 45, "size": 110, "filled": True, "color": theme.DIVERGED}
# Where a cross for what overflowed stands: just below the upper edge.
UPPER_EDGE: Spec = {"value": 8}


def chart(spec: Spec, panels: Panels | None = None, **data: pd.DataFrame) -> Chart:
    """Return a chart with the common typography.

    Args:
        spec: everything else about it.
        panels: how its panels may be laid out, if it has several.
        data: the frames it refers to by name.
    """
    return Chart({"config": CONFIG} | _without_names(spec), data, panels)


def _without_names(spec: Spec) -> Spec:
    """Return a chart whose marks are hidden from screen readers: its alternative text describes it as a whole."""
    silent = dict(spec)
    if "mark" in spec:
        mark = spec["mark"] if isinstance(spec["mark"], dict) else {"type": spec["mark"]}
        # The points on a line are marks of their own.
        points = {"point": {"aria": False} | mark["point"]} if isinstance(mark.get("point"), dict) else {}
        silent["mark"] = {"aria": False} | mark | points
    for key in ("layer", "hconcat", "vconcat", "concat"):
        if key in spec:
            silent[key] = [_without_names(part) for part in spec[key]]
    if "spec" in spec:
        silent["spec"] = _without_names(spec["spec"])
    return silent


def colour(field: str, names: Sequence[str], title: str | None, symbol: str = "stroke") -> Spec:
    """Return a colour encoding with each name's own colour.

    Args:
        field: the column.
        names: its values, in the order of the legend.
        title: title of the legend; None hides it.
        symbol: shape of its symbols.
    """
    columns = legend_columns(names)
    legend = {"symbolType": symbol, "symbolOpacity": 1, "columns": columns} if title and len(names) > 1 else None
    scale = {"domain": list(names), "range": theme.colours(list(names))}
    return {"field": field, "type": "nominal", "scale": scale, "title": title, "legend": legend}


def legend_columns(names: Sequence[str]) -> int:
    """Return how many entries of a legend stand side by side under the narrowest chart.

    Args:
        names: the entries.
    """
    longest = max((len(name) for name in names), default=1)
    return max(1, min(4, int(LEGEND_WIDTH / (longest * LETTER_WIDTH + SYMBOL_WIDTH))))


def legend_height(names: Sequence[str]) -> int:
    """Return the pixels that a legend takes beyond its first line.

    Args:
        names: the entries.
    """
    return LEGEND_LINE * max(0, -(-len(names) // legend_columns(names)) - 1)


def number(field: str, title: str | list[str] | None = None, logarithmic: bool = False, **more: Any) -> Spec:
    """Return an encoding of a number on an axis.

    Args:
        field: the column.
        title: title of the axis, or its lines.
        logarithmic: whether its scale is.
        more: further properties of the encoding; `axis` and `scale` are merged with the defaults.
    """
    scale: Spec = {"type": "log", "nice": False} if logarithmic else {"zero": False}
    axis: Spec = {"tickCount": 6, "format": "~g"} if logarithmic else {"tickCount": 5, "format": ".6~g"}
    scale |= more.pop("scale", {})
    axis |= more.pop("axis", {})
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": axis} | more


def tooltips(texts: Mapping[str, str], numbers: Mapping[str, str] = {}) -> list[Spec]:
    """Return what a pointer shows.

    Args:
        texts: the title of each column that is shown as it is.
        numbers: the title of each column that is shown with four significant digits.
    """
    plain = [{"field": name, "title": title, "type": "nominal"} for name, title in texts.items()]
    measured = [
        {"field": name, "title": title, "type": "quantitative", "format": ".4~g"} for name, title in numbers.items()
    ]
    return plain + measured


def spans_decades(values: pd.Series, decades: float = 2.5) -> bool:
    """Tell whether positive values belong on a logarithmic axis: they span many decades and none is negative."""
    finite = values[(values > 0) & (values < float("inf"))]
    return bool(len(finite)) and not (values < 0).any() and finite.max() / finite.min() > 10**decades
