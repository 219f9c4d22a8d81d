"""The plane of weight and bias variance: order, chaos, the edge between them, and where initializations sit."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.heat_map import RATE_REACH
from goldilocks.dashboard.charts.template import described, slot

HEIGHT = 320
# Positive values that span more than this have a logarithmic scale of colours.
DECADES = 1.5
# A tile without a finite value.
GREY = "rgba(122, 135, 147, 0.25)"
# Dots stand on the axis, half of each below it, and the first may stand at zero.
BELOW_DOTS: dict[str, Any] = {"labelPadding": 10}
BESIDE_DOTS: dict[str, Any] = {"padding": 9, "nice": False}
DRAWN = ["weight_low", "weight_high", "bias_low", "bias_high", "weight", "bias", "value"]
WEIGHT, BIAS = "Weight variance σw²", "Bias variance σb²"


def plane(
    frame: pd.DataFrame,
    named: pd.DataFrame,
    edge: pd.DataFrame,
    title: str,
    rate: bool,
    paint: theme.Paint = theme.PLAIN,
) -> Chart:
    """Draw a quantity over the plane, with initializations on its lower edge.

    Args:
        frame: weight_low, weight_high, bias_low, bias_high (edges of a tile), weight, bias, value; a tile whose value
            is not finite is grey.
        named: init, weight (σw²), bias (σb²): where initializations sit.
        edge: weight, bias: the line between order and chaos.
        title: what the quantity is.
        rate: whether it is a rate: 1 in the middle, growth and decay to both sides.
        paint: which colour each initialization has.
    """
    # What is not drawn is not sent: lists of fates, for instance.
    data = frame[DRAWN].assign(value=frame["value"].astype(float).replace([np.inf, -np.inf], np.nan))
    positive = bool((data["value"].dropna() > 0).all())
    scale = "rate" if rate else "log" if positive and style.spans_decades(data["value"], DECADES) else "linear"
    names = list(named["init"])
    return style.chart(
        _template(scale),
        {"title": title, **style.colour_values("init", "init", names, paint.colours(names))},
        tiles=data,
        named=named,
        edge=edge,
    )


@described
def _template(scale: str) -> alt.TopLevelMixin:
    """Return the plane.

    Args:
        scale: of the colours: rate, log or linear.
    """
    layers = alt.layer(_tiles(scale), _edge(), _initializations(), height=HEIGHT)
    return layers.resolve_scale(color="independent")


def _tiles(scale: str) -> alt.Chart:
    scales = {
        "rate": alt.Scale(scheme="blueorange", type="log", domain=[1 / RATE_REACH, RATE_REACH], clamp=True),
        "log": alt.Scale(scheme="viridis", type="log"),
        "linear": alt.Scale(scheme="viridis"),
    }
    colour: dict[str, Any] = {
        "field": "value",
        "type": "quantitative",
        "title": slot("title"),
        "scale": scales[scale],
        "condition": {"test": "!isValid(datum.value)", "value": GREY},
    }
    return (
        alt.Chart(alt.NamedData("tiles"))
        # A line of its own colour around each closes the seams that show between fine tiles.
        .mark_rect(invalid=None, strokeWidth=1)
        .encode(
            x=style.number(alt.X, "weight_low", WEIGHT, axis=BELOW_DOTS, scale=BESIDE_DOTS),
            x2=alt.X2(field="weight_high"),
            y=style.number(alt.Y, "bias_low", BIAS),
            y2=alt.Y2(field="bias_high"),
            color=alt.Color(**colour, legend=alt.Legend(**style.GRADIENT)),
            stroke=alt.Stroke(**colour, legend=None),
            tooltip=style.tooltips({}, {"weight": "σw²", "bias": "σb²", "value": slot("title")}),
        )
    )


def _place() -> dict[str, Any]:
    # Layers share their axes only under the same titles.
    x = style.number(alt.X, "weight", WEIGHT, axis=BELOW_DOTS, scale=BESIDE_DOTS)
    return {"x": x, "y": style.number(alt.Y, "bias", BIAS)}


def _edge() -> alt.Chart:
    order = alt.Order(field="bias", type="quantitative")
    line = alt.Chart(alt.NamedData("edge")).mark_line(stroke=theme.DARK, strokeWidth=2.5, clip=True)
    return line.encode(**_place(), order=order)


def _initializations() -> alt.Chart:
    """Return dots; their names stand in the legend, because on the plane those of neighbours would overlap."""
    paint = style.colour("init", "Initialization", "circle", orient="bottom", symbolSize=90)
    dots = alt.Chart(alt.NamedData("named")).mark_point(
        filled=True, size=130, stroke="white", strokeWidth=1.5, opacity=1
    )
    tips = style.tooltips({"init": "Initialization"}, {"weight": "σw²", "bias": "σb²"})
    return dots.encode(**_place(), color=paint, tooltip=tips)
