"""Configurations by score: a dot for the mean over seeds, a bar for their range."""

import pandas as pd

from dashboard.charts import style
from dashboard.charts.chart import Chart, Spec
from dashboard.charts.lines import Axis

ROW_HEIGHT = 26


def ranking(frame: pd.DataFrame, title: str, colour: Axis) -> Chart:
    """Draw a ranking, the first row on top.

    Args:
        frame: configuration, score, low, high (shares), seeds, diverged, and the colour's column.
        title: what the score is.
        colour: the column that colours the dots.
    """
    data = frame.copy()
    data[colour.field] = data[colour.field].astype(str)
    names = list(data["configuration"])
    y = {
        "field": "configuration",
        "type": "nominal",
        "sort": names,
        "title": None,
        "axis": {"labelLimit": 330, "labelOverlap": False},
    }
    # The names on the axis say what a colour means.
    paint = style.colour(colour.field, [str(value) for value in colour.values], None)
    percent: Spec = {"format": ".0%"}
    low = style.number("low", title, axis=percent)
    shown = style.tooltips(
        {"configuration": "Configuration", "seeds": "Seeds", "diverged": "Diverged"},
        {"score": title, "low": "lowest", "high": "highest"},
    )
    bar = {
        "mark": {"type": "rule", "aria": False, "strokeWidth": 3, "opacity": 0.5},
        "encoding": {"y": y, "x": low, "x2": {"field": "high"}, "color": paint},
    }
    dot = {
        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
        "encoding": {"y": y, "x": style.number("score", title, axis=percent), "color": paint, "tooltip": shown},
    }
    height = ROW_HEIGHT * max(len(names), 1) + style.FRAME_HEIGHT
    return style.chart(
        {"data": {"name": "rows"}, "layer": [bar, dot], "width": "container", "height": height}, rows=data
    )
