"""The plane of weight and bias variance: order, chaos, the edge between them, and where initializations sit."""

import numpy as np
import pandas as pd

from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart, Spec
from goldilocks.dashboard.charts.heat_map import RATE_REACH

HEIGHT = 320
DARK = "#14171a"
# Positive values that span more than this have a logarithmic scale of colours.
DECADES = 1.5
# A tile without a finite value.
WITHOUT: Spec = {"test": "!isValid(datum.value)", "value": "rgba(122, 135, 147, 0.25)"}
# Dots stand on the axis, half of each below it, and the first may stand at zero.
BELOW_DOTS: Spec = {"labelPadding": 10}
BESIDE_DOTS: Spec = {"padding": 9, "nice": False}
DRAWN = ["weight_low", "weight_high", "bias_low", "bias_high", "weight", "bias", "value"]
WEIGHT, BIAS = "Weight variance σw²", "Bias variance σb²"


def plane(frame: pd.DataFrame, named: pd.DataFrame, edge: pd.DataFrame, title: str, rate: bool) -> Chart:
    """Draw a quantity over the plane, with initializations on its lower edge.

    Args:
        frame: weight_low, weight_high, bias_low, bias_high (edges of a tile), weight, bias, value; a tile whose value
            is not finite is grey.
        named: init, weight (σw²), bias (σb²): where initializations sit.
        edge: weight, bias: the line between order and chaos.
        title: what the quantity is.
        rate: whether it is a rate: 1 in the middle, growth and decay to both sides.
    """
    # What is not drawn is not sent: lists of fates, for instance.
    data = frame[DRAWN].assign(value=frame["value"].astype(float).replace([np.inf, -np.inf], np.nan))
    positive = bool((data["value"].dropna() > 0).all())
    logarithmic = positive and style.spans_decades(data["value"], DECADES)
    layers = [_tiles(title, rate, logarithmic), _edge(), _initializations(list(named["init"]))]
    spec = {"layer": layers, "height": HEIGHT, "resolve": {"scale": {"color": "independent"}}}
    return style.chart(spec, tiles=data, named=named, edge=edge)


def _tiles(title: str, rate: bool, logarithmic: bool) -> Spec:
    scale: Spec = {"scheme": "viridis"} | ({"type": "log"} if logarithmic else {})
    if rate:
        scale = {"scheme": "blueorange", "type": "log", "domain": [1 / RATE_REACH, RATE_REACH], "clamp": True}
    colour = {"field": "value", "type": "quantitative", "title": title, "scale": scale, "legend": style.GRADIENT}
    encoding = {
        "x": style.number("weight_low", WEIGHT, axis=BELOW_DOTS, scale=BESIDE_DOTS),
        "x2": {"field": "weight_high"},
        "y": style.number("bias_low", BIAS),
        "y2": {"field": "bias_high"},
        "color": colour | {"condition": WITHOUT},
        "tooltip": style.tooltips({}, {"weight": "σw²", "bias": "σb²", "value": title}),
    }
    return {"data": {"name": "tiles"}, "mark": {"type": "rect", "invalid": None}, "encoding": encoding}


def _place() -> Spec:
    # Layers share their axes only under the same titles.
    x = style.number("weight", WEIGHT, axis=BELOW_DOTS, scale=BESIDE_DOTS)
    return {"x": x, "y": style.number("bias", BIAS)}


def _edge() -> Spec:
    return {
        "data": {"name": "edge"},
        "mark": {"type": "line", "stroke": DARK, "strokeWidth": 2.5, "clip": True},
        "encoding": _place() | {"order": {"field": "bias", "type": "quantitative"}},
    }


def _initializations(names: list[str]) -> Spec:
    """Return dots; their names stand in the legend, because on the plane those of neighbours would overlap."""
    legend = style.legend_of(names) | {"orient": "bottom", "symbolType": "circle", "symbolSize": 90, "symbolOpacity": 1}
    paint = style.colour("init", names, "Initialization") | {"legend": legend}
    tips = style.tooltips({"init": "Initialization"}, {"weight": "σw²", "bias": "σb²"})
    dot = {"type": "point", "filled": True, "size": 130, "stroke": "white", "strokeWidth": 1.5, "opacity": 1}
    return {"data": {"name": "named"}, "mark": dot, "encoding": _place() | {"color": paint, "tooltip": tips}}
