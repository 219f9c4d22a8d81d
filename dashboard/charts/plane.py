"""The plane of weight and bias variance: order, chaos, the edge between them, and where initializations sit."""

import numpy as np
import pandas as pd

from dashboard import theme
from dashboard.charts import style
from dashboard.charts.chart import Chart, Spec
from dashboard.charts.heat_map import RATE_REACH

HEIGHT = 420


def plane(frame: pd.DataFrame, named: pd.DataFrame, edge: pd.DataFrame, title: str, rate: bool) -> Chart:
    """Draw a quantity over the plane, with named initializations on its lower edge.

    Args:
        frame: weight_low, weight_high, bias_low, bias_high (edges of a tile), weight, bias, value.
        named: init, weight (σw²), bias (σb²): where initializations sit.
        edge: weight, bias: the line between order and chaos.
        title: what the quantity is.
        rate: whether it is a rate: 1 in the middle, growth and decay to both sides.
    """
    data = frame.assign(value=frame["value"].astype(float).replace([np.inf, -np.inf], np.nan))
    x, y = style.number("weight_low", "Weight variance σw²"), style.number("bias_low", "Bias variance σb²")
    scale: Spec = {"scheme": "viridis"}
    if rate:
        scale = {"scheme": "blueorange", "type": "log", "domain": [1 / RATE_REACH, RATE_REACH], "clamp": True}
    legend = {"orient": "top", "gradientLength": 260, "gradientThickness": 12, "titleLimit": 320, "format": "~g"}
    colour = {"field": "value", "type": "quantitative", "title": title, "scale": scale, "legend": legend}
    shown = style.tooltips({}, {"weight": "σw²", "bias": "σb²", "value": title})
    tiles = {
        "data": {"name": "tiles"},
        "mark": {"type": "rect", "invalid": None},
        "encoding": {
            "x": x, "x2": {"field": "weight_high"}, "y": y, "y2": {"field": "bias_high"}, "color": colour,
            "tooltip": shown,
        },
    }  # fmt: skip
    place: Spec = {"x": style.number("weight"), "y": style.number("bias")}
    tips = style.tooltips({"init": "Initialization"}, {"weight": "σw²", "bias": "σb²"})
    paint = {
        "field": "init",
        "type": "nominal",
        "scale": {"domain": list(named["init"]), "range": theme.colours(list(named["init"]))},
        "legend": None,
    }
    dots = {
        "data": {"name": "named"},
        "mark": {
            "type": "point",
            "filled": True,
            "size": 130,
            "stroke": "white",
            "strokeWidth": 1.5,
            "opacity": 1,
            "clip": True,
        },
        "encoding": place | {"color": paint, "tooltip": tips},
    }
    label: Spec = {"type": "text", "angle": 300, "align": "left", "dx": 10, "dy": -4, "fontSize": 12, "clip": True}
    named_in: Spec = {"data": {"name": "named"}, "encoding": place | {"text": {"field": "init"}}}
    halo = {"fontWeight": 600, "stroke": "#14171a", "strokeWidth": 2.5, "strokeOpacity": 0.55}
    words = named_in | {"mark": label | halo}
    top = named_in | {"mark": label | {"fontWeight": 600, "color": "white"}}
    line = {
        "data": {"name": "edge"},
        "mark": {"type": "line", "stroke": "#14171a", "strokeWidth": 2.5, "clip": True},
        "encoding": place | {"order": {"field": "bias", "type": "quantitative"}},
    }
    spec = {"layer": [tiles, line, dots, words, top], "width": "container", "height": HEIGHT}
    spec |= {"resolve": {"scale": {"color": "independent"}}}
    return style.chart(spec, tiles=data, named=named, edge=edge)
