"""Histograms of successive layers as ridges, the first layer on top: how a signal lives or dies, at a glance."""

import pandas as pd

from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart

ROW = 22


def ridges(bins: pd.DataFrame, colour: str) -> Chart:
    """Draw one ridge per layer on a common axis.

    Args:
        bins: rows of `on_common_bins` for one configuration: layer, left, right, height, share.
        colour: of the ridges.
    """
    data = bins.assign(x=(bins["left"] + bins["right"]) / 2, top=bins["layer"] - 0.92 * bins["height"])
    layers = sorted(data["layer"].unique().tolist())
    extent = [min(layers, default=1) - 1, max(layers, default=1) + 0.05]
    axis = {"values": layers, "format": "d", "grid": False, "domain": False, "ticks": False, "titlePadding": 4}
    y = {
        "field": "top",
        "type": "quantitative",
        "title": "Layer",
        "axis": axis,
        "scale": {"domain": extent, "reverse": True},
    }
    x = style.number("x", None, axis={"tickCount": 3, "grid": False}, scale={"nice": False})
    mark = {"type": "area", "color": colour, "opacity": 0.75, "line": {"color": colour, "strokeWidth": 1}}
    shown = style.tooltips({"layer": "layer"}, {"x": "value", "share": "share"})
    encoding = {"x": x, "y": y, "y2": {"field": "layer"}, "detail": {"field": "layer"}, "tooltip": shown}
    spec = {"data": {"name": "bins"}, "mark": mark, "encoding": encoding}
    return style.chart(spec | {"height": ROW * max(len(layers), 1)}, bins=data)
