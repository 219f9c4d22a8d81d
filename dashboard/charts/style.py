"""What all charts share: typography, quiet axes, colours by name, and how a value that is not finite is drawn."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import altair as alt
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import CONTAINER, PLOT, ROOM, SCALE, Panels
from goldilocks.dashboard.charts.template import Spec, Template, slot

Channel = TypeVar("Channel", alt.X, alt.Y)

CONFIG: Spec = {
    "font": theme.FONT,
    "background": "transparent",
    "axis": {
        "labelFontSize": 12,
        "labelColor": theme.INK,
        "titleColor": theme.INK,
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
        "labelColor": theme.INK,
        "titleColor": theme.INK,
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
    "header": {
        "labelFontSize": 12.5,
        "titleFontSize": 12.5,
        "labelFontWeight": 600,
        "labelColor": theme.INK,
        "titleColor": theme.INK,
    },
    "text": {"fontSize": 12, "color": theme.INK},
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
CROSS: Spec = {"shape": "cross", "angle": 45, "size": 110, "filled": True, "color": theme.DIVERGED}
# What ends a line whose seeds were lost: in the colour of the line, so that it is told whose they were.
END: Spec = CROSS | {"size": 170, "opacity": 1, "stroke": theme.DIVERGED, "strokeWidth": 1.3}
del END["color"]
# Where it stands when nothing finite came before: just below the upper edge.
UPPER_EDGE = 8


def _label(least: float, most: float) -> str:
    """Return an expression for the label of an axis: a power of ten where the digits would have to be counted."""
    exponent = "split(format(datum.value, '.5~e'), 'e')[1]"
    raised = f"replace({exponent}, '+', '')"
    for digit, superscript in zip("−-0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True):
        raised = f"replace({raised}, regexp('{digit}', 'g'), '{superscript}')"
    mantissa = "split(format(datum.value, '.5~e'), 'e')[0]"
    power = f"({mantissa} == '1' ? '' : {mantissa} + '·') + '10' + {raised}"
    plain = f"datum.value == 0 || (abs(datum.value) >= {least} && abs(datum.value) < {most})"
    return f"{plain} ? format(datum.value, '.6~g') : {power}"


LINEAR_LABEL = f"datum.label == '' ? '' : {_label(1e-4, 1e6)}"
# Of its own, a logarithmic axis labels some of its ticks alone; those that it is given have labels all.
GIVEN_LABEL = _label(1e-3, 1e4)
LOGARITHMIC_LABEL = f"datum.label == '' ? '' : {GIVEN_LABEL}"
# The legend of a scale of colours, no longer than its chart is wide.
GRADIENT: Spec = {
    "orient": "top", "gradientLength": alt.ExprRef(f"min(260 * {SCALE}, {ROOM})"), "gradientThickness": 12,
    "titleLimit": 320, "labelOffset": 6, "labelExpr": LINEAR_LABEL,
}  # fmt: skip


def chart(
    template: Template,
    values: Mapping[str, Any],
    panels: Panels | None = None,
    axis_width: int = AXIS_WIDTH,
    **data: pd.DataFrame,
) -> Chart:
    """Return a chart with the common typography.

    Args:
        template: everything else about it.
        values: what its slots are filled with.
        panels: how its panels may be laid out, if it has several.
        axis_width: what the axis beside its plot takes with its labels, in pixels, when it has no panels.
        data: the frames it refers to by name.
    """
    own = {"config": CONFIG, "padding": PADDING} | template.filled(values)
    if panels is None:
        plot = f"{CONTAINER} - {axis_width} * {SCALE}"
        expressions = {CONTAINER: _container(axis_width)} | dict.fromkeys((ROOM, PLOT), plot)
        sizes: list[Spec] = [{"name": SCALE, "value": 1}]
        sizes += [{"name": name, "expr": expression} for name, expression in expressions.items()]
        own |= SINGLE | {"params": [*own.get("params", ()), *sizes]}
    return Chart(own, data, panels)


def _container(axis_width: int) -> str:
    """Return an expression for the width of what a chart stands in, in pixels.

    Vega lays a chart out, sets the signal `width` to what that leaves, and lays nothing out again: a legend that
    depends on `width` may then have more lines than there is room for. The width of what the chart stands in does not
    wait for the layout; `min(width, 0)` is 0, and lets the expression be evaluated again when a window is resized. What
    stands in nothing is as wide as its plot and the axis beside it.
    """
    return f"isFinite(containerSize()[0]) ? min(width, 0) + containerSize()[0] : width + {axis_width}"


def colour(
    name: str, title: str, symbol: str = "stroke", shown: bool = True, field: str | None = None, **legend: Any
) -> alt.Color:
    """Return a colour encoding with each name's own colour; `colour_values` fills its slots.

    Args:
        name: of its slots.
        title: title of the legend.
        symbol: shape of its symbols.
        shown: whether there is a legend.
        field: the column; by default a slot, too.
        legend: further properties of the legend.
    """
    shape: Spec = {"symbolType": symbol, "symbolOpacity": 1}
    shape |= {"symbolSize": SYMBOL_SIZE} if symbol == "stroke" else {}
    return alt.Color(
        field=field or slot(f"{name}_field"),
        type="nominal",
        title=title,
        scale=alt.Scale(domain=slot(f"{name}_names"), range=slot(f"{name}_colours")),
        legend=alt.Legend(**(shape | legend_of(name) | legend)) if shown else None,
    )


def colour_values(name: str, field: str, names: Sequence[str], colours: Sequence[str] = ()) -> Spec:
    """Return what the slots of a colour encoding are filled with.

    Args:
        name: of its slots.
        field: the column.
        names: its values, in the order of the legend.
        colours: theirs, where they have some of their own.
    """
    painted = list(colours) or theme.PLAIN.colours(names)
    own = {f"{name}_field": field, f"{name}_names": list(names), f"{name}_colours": painted}
    return own | legend_values(name, names)


def legend_of(name: str) -> Spec:
    """Return how the entries of a legend are laid out: as many side by side as there is room for, none cut.

    Args:
        name: of its slots, which `legend_values` fills.
    """
    columns = f"clamp(floor({ROOM} / ({slot(f'{name}_entry')} * {SCALE})), 1, {slot(f'{name}_count')})"
    return {"columns": alt.ExprRef(columns), "labelLimit": alt.ExprRef(f"{ROOM} - {SYMBOL_WIDTH} * {SCALE}")}


def legend_values(name: str, names: Sequence[str]) -> Spec:
    """Return what the slots of a legend's layout are filled with.

    Args:
        name: of its slots.
        names: the entries.
    """
    entry = max((len(one) for one in names), default=1) * LETTER_WIDTH + SYMBOL_WIDTH
    return {f"{name}_entry": f"{entry:.0f}", f"{name}_count": max(1, len(names))}


def leaning(**more: Any) -> alt.Axis:
    """Return how names stand below an axis: level where all fit side by side, else leaning; none is left out.

    Args:
        more: further properties of the axis.
    """
    crowded = f"{PLOT} < {slot('crowded')} * {SCALE}"
    return alt.Axis(
        labelAngle=alt.ExprRef(f"{crowded} ? -30 : 0"),
        labelAlign=alt.ExprRef(f"{crowded} ? 'right' : 'center'"),
        labelBaseline="top",
        labelOverlap=False,
        labelLimit=170,
        **more,
    )


def leaning_values(names: Sequence[str]) -> Spec:
    """Return what the slots of such an axis are filled with.

    Args:
        names: the names.
    """
    widest = max((len(name) for name in names), default=1) * LETTER_WIDTH + 10
    return {"crowded": f"{widest * len(names):.0f}"}


def number(
    channel: type[Channel], field: str, title: str | None = None, logarithmic: bool = False, **more: Any
) -> Channel:
    """Return an encoding of a number on an axis.

    Args:
        channel: `altair.X` or `altair.Y`.
        field: the column.
        title: title of the axis.
        logarithmic: whether its scale is.
        more: further properties of `scale` and `axis`, as for `quantitative`.
    """
    return channel(field=field, title=title, **quantitative(logarithmic, **more))


def quantitative(logarithmic: bool, axis: Mapping[str, Any] = {}, scale: Mapping[str, Any] = {}) -> Spec:
    """Return type, scale and axis of a number.

    Args:
        logarithmic: whether its scale is.
        axis: further properties of the axis; one with a format of its own is labelled in it.
        scale: further properties of the scale.
    """
    scaled: Spec = {"type": "log", "nice": False} if logarithmic else {"zero": False}
    ticks: Spec = {"tickCount": 6, "labelExpr": LOGARITHMIC_LABEL}
    if not logarithmic:
        ticks = {"tickCount": 5, "labelExpr": LINEAR_LABEL}
    if "format" in axis:
        del ticks["labelExpr"]
    return {"type": "quantitative", "scale": alt.Scale(**scaled | {**scale}), "axis": alt.Axis(**ticks | {**axis})}


def tooltips(texts: Mapping[str, str], numbers: Mapping[str, str] = {}) -> list[alt.Tooltip]:
    """Return what a pointer shows.

    Args:
        texts: the title of each column that is shown as it is.
        numbers: the title of each column that is shown with four significant digits.
    """
    plain = [alt.Tooltip(field=name, type="nominal", title=title) for name, title in texts.items()]
    measured = [
        alt.Tooltip(field=name, type="quantitative", title=title, format=".4~g") for name, title in numbers.items()
    ]
    return plain + measured


def spans_decades(values: pd.Series, decades: float = 2.5) -> bool:
    """Tell whether positive values belong on a logarithmic axis: they span many decades and none is negative."""
    finite = values[(values > 0) & (values < float("inf"))]
    return bool(len(finite)) and not (values < 0).any() and finite.max() / finite.min() > 10**decades
