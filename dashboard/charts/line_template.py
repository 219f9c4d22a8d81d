"""What Altair describes of figures of lines, once for each shape that they have."""

from collections.abc import Callable
from dataclasses import dataclass

import altair as alt

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import reading, style
from goldilocks.dashboard.charts.template import Spec, described, slot

HEIGHT, PANEL_HEIGHT, EDGE = 220, 200, 8
# A logarithmic axis has a tick at each of up to so many measured numbers.
MOST_TICKS = 12
# Of a line, in pixels.
WIDTH = 2.4
# Before the name of a number that is drawn elsewhere than it is; what stands there.
TRUE, ZEROS = "true_", "zeros stand here"
# The column with the height at which a line ends.
LAST = "last_mean"


@dataclass(frozen=True)
class Shape:
    """What figures of lines have in common that Altair describes once.

    Attributes:
        category: whether names stand across, and not numbers.
        logarithmic: whether the horizontal and the vertical axis are.
        whole: whether whole numbers stand across.
        ticks: whether the horizontal axis has ticks at given numbers alone.
        share: whether the vertical axis is that of a share.
        fitted: whether the axis of a share ends where the values do.
        zero: whether a linear vertical axis starts at zero.
        legend: whether colours have one.
        dashed: whether lines are dashed.
        panels: whether there are panels.
        points: whether means have dots.
        wide: whether a band can be seen.
        band: whether the band has a name.
        predicted: whether there is theory.
        scattered: whether theory has a band.
        cursor: whether a rule stands somewhere.
        floor: whether something is zero that has no place on a logarithmic axis.
        ends: whether lines of lost seeds end at their last mean, and at the upper edge.
        pinned: whether some lines are to stand out.
        true: the numbers that are drawn elsewhere than they are.
    """

    category: bool
    logarithmic: tuple[bool, bool]
    whole: bool
    ticks: bool
    share: bool
    fitted: bool
    zero: bool
    legend: bool
    dashed: bool
    panels: bool
    points: bool
    wide: bool
    band: bool
    predicted: bool
    scattered: bool
    cursor: bool
    floor: bool
    ends: tuple[bool, bool]
    pinned: bool
    true: frozenset[str]


@described
def template(shape: Shape) -> alt.TopLevelMixin:
    """Return the lines of a shape.

    Args:
        shape: the shape.
    """
    # What is not shown is no part of the data, so that the axes fit what is. Panels stay, empty or not.
    layers = alt.layer(*_layers(shape), height=slot("height"))
    for selection in _isolating(shape):
        layers = layers.transform_filter({"param": selection.name})
    if not shape.category:
        layers = layers.transform_filter(reading.zoomed(slot("x_datum")))
    if not shape.panels:
        return layers.properties(data=alt.NamedData("rows"))
    facet = alt.Facet(field=slot("panels_field"), type="nominal", title=slot("panels"), sort=slot("panels_names"))
    return alt.FacetChart(data=alt.NamedData("rows"), spec=layers, facet=facet)


def _isolating(shape: Shape) -> list[alt.Parameter]:
    """Return the selections of names in the legends that a figure has."""
    found = [(shape.legend, reading.ISOLATED, "colour_field"), (shape.dashed, reading.DASHES, "dash_field")]
    return [reading.isolating(name, slot(field)) for there, name, field in found if there]


def _across(shape: Shape) -> alt.X:
    if shape.category:
        names = slot("x_names")
        return alt.X(field=slot("x_field"), type="nominal", title=slot("x"), sort=names, axis=style.leaning())
    axis, scale = _ticks(shape), {"nice": False}
    return style.number(alt.X, slot("x_field"), slot("x"), shape.logarithmic[0], axis=axis, scale=scale)


def _ticks(shape: Shape) -> Spec:
    """Return what is particular about the horizontal axis."""
    ticks: Spec = {"grid": False} | ({"tickMinStep": 1, "format": "d"} if shape.whole else {})
    # Vega thins out more ticks than it was asked for, also those that it is given.
    given: Spec = {"values": slot("x_ticks"), "tickCount": MOST_TICKS, "labelExpr": style.GIVEN_LABEL}
    return ticks | (given if shape.ticks else {})


def _layers(shape: Shape) -> list[alt.Chart]:
    up, shared = _upward(shape), _shared(shape)
    layers = []
    if shape.wide:
        layers.append(_whiskers(shared, up("low")) if shape.category else _area(shape, shared, up, "low", "high", 0.16))
    if shape.scattered:
        layers.append(_area(shape, shared, up, "theory_low", "theory_high", 0.1))
    means = _means(shape, shared | {"y": up("mean")} | ({"tooltip": _tooltip(shape)} if shape.category else {}))
    layers += [means[0].add_params(*_isolating(shape)), *means[1:]]
    if shape.predicted:
        layers.append(_theory(shared, up("theory")))
    if shape.floor:
        layers.append(_zeros(shape))
    layers += _losses(shape, shared, up(LAST))
    if shape.cursor:
        layers.append(_cursor(shape))
    return layers if shape.category else [*layers, *_reading(shape, shared, up("mean"))]


def _cursor(shape: Shape) -> alt.Chart:
    """Return a rule that stands somewhere, where that is in sight."""
    rule = alt.Chart(alt.InlineData(values=[{"cursor": slot("cursor")}]))
    rule = rule.transform_filter(reading.zoomed("datum.cursor"))
    return rule.mark_rule(aria=False, color=theme.NEUTRAL, strokeWidth=1.5, opacity=0.8).encode(
        x=style.number(alt.X, "cursor", slot("x"), shape.logarithmic[0], axis=_ticks(shape), scale={"nice": False})
    )


def _reading(shape: Shape, shared: Spec, up: alt.Y) -> list[alt.Chart]:
    """Return what follows the pointer, above all else: the dots of the lines at the rule below the rule itself."""
    dots = alt.Chart().mark_point(filled=True, size=70, opacity=1, stroke="white", strokeWidth=1)
    dots = dots.encode(**shared, y=up).transform_filter({"param": reading.HOVERED, "empty": False})
    true = {name: f"{TRUE}{name}" if name in shape.true else name for name in ("mean", "low", "high")}
    told = reading.told(**true, wide=shape.wide, share=shape.share)
    return [dots, *reading.rule(shared["x"], slot("x_field"), slot("x_datum"), told)]


def _vertical(shape: Shape) -> tuple[Spec, Spec]:
    """Return what is particular about the scale and the axis of the means."""
    # On a logarithmic axis the least and the largest lie on the very edge.
    scale: Spec = {"padding": EDGE} if shape.logarithmic[1] else {"zero": shape.zero}
    if not shape.share:
        return scale, {}
    if shape.fitted:
        return {"zero": False}, {"format": ".2~%"}
    # Where a part is zoomed into, the axis fits what is there.
    fitted = {f"domain{end}": alt.ExprRef(f"{reading.WHOLE} ? {at} : null") for end, at in (("Min", 0), ("Max", 1))}
    return scale | ({"domain": [0, 1]} if shape.category else fitted), {"format": ".0%"}


def _upward(shape: Shape) -> Callable[[str], alt.Y]:
    """Return what makes the vertical encoding of a column."""
    scale, axis = _vertical(shape)
    return lambda field: style.number(alt.Y, field, slot("y_lines"), shape.logarithmic[1], axis=axis, scale=scale)


def _shared(shape: Shape) -> Spec:
    """Return what all marks of a configuration have in common."""
    paint = style.colour("colour", slot("colour"), "circle" if shape.category else "stroke", shape.legend)
    return {"x": _across(shape), "color": paint, "detail": alt.Detail(field="configuration", type="nominal")}


def _area(shape: Shape, shared: Spec, up: Callable[[str], alt.Y], low: str, high: str, opacity: float) -> alt.Chart:
    # An interval of a share may reach beyond all shares there are.
    area = alt.Chart().mark_area(opacity=opacity, clip=shape.share)
    return area.encode(**shared, y=up(low), y2=alt.Y2(field=high))


def _means(shape: Shape, encoding: Spec) -> list[alt.Chart]:
    if shape.category:
        # Nothing lies between two names.
        points = alt.Chart(name=f"{reading.VIEWS}_lines").mark_point(filled=True, size=130, opacity=0.9)
        return [points.encode(**encoding)]
    dashed: Spec = {"strokeDash": _dashes()} if shape.dashed else {}
    if shape.pinned:
        dashed["strokeWidth"] = alt.value(WIDTH, condition={"test": "datum.pinned", "value": 2 * WIDTH})
    line = alt.Chart(name=f"{reading.VIEWS}_lines").mark_line(strokeWidth=WIDTH).encode(**encoding, **dashed)
    # A layer of their own: as part of the lines they would fill the symbols of the dashes in the legend.
    dots = alt.Chart().mark_point(filled=True, size=36, opacity=1).encode(**encoding)
    return [line, dots] if shape.points else [line]


def _theory(shared: Spec, up: alt.Y) -> alt.Chart:
    line = alt.Chart().mark_line(strokeDash=[3, 3], strokeWidth=1.6)
    return line.encode(**shared | {"color": alt.value(theme.NEUTRAL)}, y=up)


def _tooltip(shape: Shape) -> list[alt.Tooltip]:
    ends = {"low": "lowest", "high": "highest"}
    if shape.band:
        ends = {"low": f"{slot('band')}, from", "high": f"{slot('band')}, to"}
    numbers = {"mean": slot("y")} | (ends if shape.wide else {})
    told = {(f"{TRUE}{name}" if name in shape.true else name): title for name, title in numbers.items()}
    texts, across = (
        {"configuration": "Configuration", "seeds": "Seeds", "lost": "Not finite"},
        {slot("x_field"): slot("x")},
    )
    return style.tooltips(texts | across, told) if shape.category else style.tooltips(texts, across | told)


def _zeros(shape: Shape) -> alt.Chart:
    """Return words on the floor of a logarithmic axis, where what is zero was put."""
    scale, axis = _vertical(shape)
    words = alt.Chart(alt.InlineData(values=[{}])).mark_text(
        text=ZEROS, align="left", baseline="bottom", dy=-3, color=theme.INK
    )
    place = style.quantitative(True, axis, scale)
    return words.encode(x=alt.value(4), y=alt.YDatum(slot("floor"), title=slot("y_lines"), **place))


def _dashes() -> alt.StrokeDash:
    # Below, where the legend of the colours is not.
    legend = alt.Legend(
        **style.legend_of("dash"),
        symbolType="stroke",
        symbolStrokeColor=theme.NEUTRAL,
        symbolSize=400,
        symbolStrokeWidth=2,
        orient="bottom",
    )
    names = slot("dash_names")
    return alt.StrokeDash(field=slot("dash_field"), type="nominal", title=slot("dash"), legend=legend, sort=names)


def _losses(shape: Shape, shared: Spec, up: alt.Y) -> list[alt.Chart]:
    """Return the crosses that end the lines of lost seeds."""
    tip = style.tooltips({"configuration": "Configuration", "lost": "Seeds not finite", "seeds": "Seeds"})
    # Where nothing finite came before, there is no line to end.
    places = ((f"isValid(datum.{LAST})", up), (f"!isValid(datum.{LAST})", alt.value(style.UPPER_EDGE)))
    return [
        alt.Chart()
        .mark_point(**style.END)
        .encode(**shared, y=y, tooltip=tip)
        .transform_filter(f"datum.first_lost && {condition}")
        for (condition, y), some in zip(places, shape.ends, strict=True)
        if some
    ]


def _whiskers(shared: Spec, low: alt.Y) -> alt.Chart:
    rule = alt.Chart().mark_rule(aria=False, strokeWidth=2.5, opacity=0.45)
    return rule.encode(**shared, y=low, y2=alt.Y2(field="high"))
