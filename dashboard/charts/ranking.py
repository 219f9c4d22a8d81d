"""Configurations by score: a dot for the mean over seeds, a bar for their range."""

from collections.abc import Sequence

import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart, Spec
from goldilocks.dashboard.charts.panels import ROOM

# In pixels: a row, and how far its name stands above its middle and its dot below.
ROW_HEIGHT, NAME_ABOVE, DOT_BELOW = 38, -9, 8


def ranking(frame: pd.DataFrame, title: str, coloured: Sequence[str]) -> Chart:
    """Draw a ranking, the first row on top, each name above its dot: beside them, names would take half of a phone.

    Args:
        frame: configuration, score, low, high (shares), seeds, diverged.
        title: what the score is.
        coloured: the configurations that have a colour, as in a chart beside this one; the others are grey.
    """
    names = list(frame["configuration"])
    y = {"field": "configuration", "type": "nominal", "sort": names, "title": None, "axis": _above()}
    own = dict(zip(coloured, theme.colours(coloured), strict=True))
    scale = {"domain": names, "range": [own.get(name, theme.NEUTRAL) for name in names]}
    paint = {"field": "configuration", "type": "nominal", "scale": scale, "legend": None}
    percent: Spec = {"format": ".0%"}
    shown = style.tooltips(
        {"configuration": "Configuration", "seeds": "Seeds", "diverged": "Diverged"},
        {"score": title, "low": "lowest", "high": "highest"},
    )
    bar = {
        "mark": {"type": "rule", "aria": False, "strokeWidth": 3, "opacity": 0.5, "yOffset": DOT_BELOW},
        "encoding": {"y": y, "x": style.number("low", title, axis=percent), "x2": {"field": "high"}, "color": paint},
    }
    dot = {
        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1, "yOffset": DOT_BELOW},
        "encoding": {"y": y, "x": style.number("score", title, axis=percent), "color": paint, "tooltip": shown},
    }
    height = ROW_HEIGHT * max(len(names), 1)
    return style.chart({"data": {"name": "rows"}, "layer": [bar, dot], "height": height}, rows=frame)


def _above() -> Spec:
    return {
        "labelAlign": "left", "labelPadding": 0, "labelOffset": NAME_ABOVE, "labelLimit": {"expr": ROOM},
        "labelOverlap": False,
    }  # fmt: skip
