"""Clouds of points, side by side, each on axes of its own."""

import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import Panels

LEAST_SIDE, MOST_SIDE, PER_ROW, GAP, FRAME_WIDTH, AXES_WIDTH = 100, 170, 5, 16, 12, 34


def cloud(frame: pd.DataFrame, panel: str, panels: list[str], colour: str) -> Chart:
    """Draw clouds side by side, each on axes of its own.

    Args:
        frame: x, y, and the columns of panel and colour.
        panel: the column that makes the panels.
        panels: its values from left to right.
        colour: the column that colours the points.
    """
    encoding = {
        "x": style.number("x", None, axis={"tickCount": 3}),
        "y": style.number("y", None, axis={"tickCount": 3}),
    }
    names = list(dict.fromkeys(frame[colour].astype(str)))
    paint = style.colour(colour, names, "Class", "circle")
    encoding["color"] = paint | {"scale": {"domain": names, "range": theme.PALETTE[: len(names)]}}
    inner = {"mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.55}, "encoding": encoding}
    facet = {"field": panel, "type": "nominal", "sort": panels, "title": None}
    spec = {"data": {"name": "points"}, "facet": facet, "spec": inner}
    spec["resolve"] = {"scale": {"x": "independent", "y": "independent"}}
    layout = Panels(len(panels), LEAST_SIDE, MOST_SIDE, PER_ROW, GAP, FRAME_WIDTH, AXES_WIDTH, square=True)
    return style.chart(spec, layout, points=frame)
