"""What all charts share: typography, quiet axes, colours by name, and how a value that is not finite is drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts.chart import Chart, Spec
from goldilocks.dashboard.charts.panels import PLOT, ROOM, Panels

CONFIG: Spec = {
    "font": theme.FONT,
    "background": "transparent",
    "axis": {
        "labelFontSize": 12,
        "labelPadding": 6,
        "titleFontSize": 12.5,
        "titleFontWeight": 500,
        "titlePadding": 8,
        "gridOpacity": theme.GRID_OPACITY,
        "domainOpacity": 0.5,
        "labelOverlap": "greedy",
    },
    # A number stands beside its grid line, also the lowest and the highest.
    "axisY": {"labelFlush": False},
    "legend": {
        "labelFontSize": 12,
        "labelOffset": 4,
        "titleFontSize": 12.5,
        "titlePadding": 4,
        "orient": "top",
        "symbolStrokeWidth": 3,
        "columnPadding": 14,
        "rowPadding": 2,
        "offset": 8,
        "padding": 0,
    },
    "header": {"labelFontSize": 12.5, "titleFontSize": 12.5, "labelFontWeight": 600},
    "view": {"strokeOpacity": 0.15},
}
# A chart is as wide as what it stands in; its height is that of its plot, whatever its axes and legends take.
SINGLE: Spec = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
# In pixels: what the axis beside a plot takes, where its labels are numbers.
AXIS_WIDTH = 60
PADDING: Spec = {"left": 2, "top": 4, "right": 2, "bottom": 10}
# In pixels: a letter, and the symbol of a legend with its gaps.
LETTER_WIDTH, SYMBOL_WIDTH = 6.6, 40
SYMBOL_SIZE = 280
CROSS: Spec = {"type": "point", "shape": "cross", "angle": 45, "size": 110, "filled": True, "color": theme.DIVERGED}
# What ends a line whose seeds were lost: in the colour of the line, so that it is told whose they were.
END: Spec = CROSS | {"size": 170, "opacity": 1, "stroke": theme.DIVERGED, "strokeWidth": 1.3}
del END["color"]
# Where it stands when nothing finite came before: just below the upper edge.
UPPER_EDGE: Spec = {"value": 8}


def _label(least: float, most: float) -> str:
    """Return an expression for the label of an axis: a power of ten where the digits would have to be counted."""
    exponent = "split(format(datum.value, '.5~e'), 'e')[1]"
    raised = f"replace({exponent}, '+', '')"
    for digit, superscript in zip("−-0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True):
        raised = f"replace({raised}, regexp('{digit}', 'g'), '{superscript}')"
    mantissa = "split(format(datum.value, '.5~e'), 'e')[0]"
    power = f"({mantissa} == '1' ? '' : {mantissa} + '·') + '10' + {raised}"
    plain = f"datum.value == 0 || (abs(datum.value) >= {least} && abs(datum.value) < {most})"
    return f"datum.label == '' ? '' : {plain} ? format(datum.value, '.6~g') : {power}"


LINEAR_LABEL, LOGARITHMIC_LABEL = _label(1e-4, 1e6), _label(1e-3, 1e4)
# The legend of a scale of colours, no longer than its chart is wide.
GRADIENT: Spec = {
    "orient": "top", "gradientLength": {"expr": f"min(260, {ROOM})"}, "gradientThickness": 12, "titleLimit": 320,
    "labelOffset": 6, "labelExpr": LINEAR_LABEL,
}  # fmt: skip


def chart(spec: Spec, panels: Panels | None = None, axis_width: int = AXIS_WIDTH, **data: pd.DataFrame) -> Chart:
    """Return a chart with the common typography.

    Args:
        spec: everything else about it.
        panels: how its panels may be laid out, if it has several.
        axis_width: what the axis beside its plot takes with its labels, in pixels, when it has no panels.
        data: the frames it refers to by name.
    """
    own = {"config": CONFIG, "padding": PADDING} | _without_names(spec)
    if panels is None:
        own |= SINGLE | {"params": [{"name": name, "expr": _plot_width(axis_width)} for name in (ROOM, PLOT)]}
    return Chart(own, data, panels)


def _plot_width(axis_width: int) -> str:
    """Return an expression for the width of the only plot of a chart, in pixels.

    Vega lays a chart out, sets the signal `width` to what that leaves, and lays nothing out again: a legend that
    depends on `width` may then have more lines than there is room for. The width of what the chart stands in does not
    wait for the layout; `min(width, 0)` is 0, and lets the expression be evaluated again when a window is resized. A
    chart that is drawn for a file stands in nothing.
    """
    return f"isFinite(containerSize()[0]) ? min(width, 0) + containerSize()[0] - {axis_width} : width"


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
    shape = {"symbolType": symbol, "symbolOpacity": 1} | ({"symbolSize": SYMBOL_SIZE} if symbol == "stroke" else {})
    legend = shape | legend_of(names) if title and len(names) > 1 else None
    scale = {"domain": list(names), "range": theme.colours(list(names))}
    return {"field": field, "type": "nominal", "scale": scale, "title": title, "legend": legend}


def legend_of(names: Sequence[str]) -> Spec:
    """Return how the entries of a legend are laid out: as many side by side as there is room for, none cut.

    Args:
        names: the entries.
    """
    entry = max((len(name) for name in names), default=1) * LETTER_WIDTH + SYMBOL_WIDTH
    return {
        "columns": {"expr": f"clamp(floor({ROOM} / {entry:.0f}), 1, {max(1, len(names))})"},
        "labelLimit": {"expr": f"{ROOM} - {SYMBOL_WIDTH}"},
    }


def leaning(names: Sequence[str]) -> Spec:
    """Return how names stand below an axis: level where all fit side by side, else leaning; none is left out.

    Args:
        names: the names.
    """
    widest = max((len(name) for name in names), default=1) * LETTER_WIDTH + 10
    crowded = f"{PLOT} < {widest * len(names):.0f}"
    return {
        "labelAngle": {"expr": f"{crowded} ? -30 : 0"},
        "labelAlign": {"expr": f"{crowded} ? 'right' : 'center'"},
        "labelBaseline": "top",
        "labelOverlap": False,
        "labelLimit": 170,
    }


def number(field: str, title: str | list[str] | None = None, logarithmic: bool = False, **more: Any) -> Spec:
    """Return an encoding of a number on an axis.

    Args:
        field: the column.
        title: title of the axis, or its lines.
        logarithmic: whether its scale is.
        more: further properties of the encoding; `axis` and `scale` are merged with the defaults. An axis with a
            format of its own is labelled in it.
    """
    scale: Spec = {"type": "log", "nice": False} if logarithmic else {"zero": False}
    axis: Spec = {"tickCount": 6, "labelExpr": LOGARITHMIC_LABEL}
    if not logarithmic:
        axis = {"tickCount": 5, "labelExpr": LINEAR_LABEL}
    scale |= more.pop("scale", {})
    own = more.pop("axis", {})
    if "format" in own:
        del axis["labelExpr"]
    axis |= own
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
