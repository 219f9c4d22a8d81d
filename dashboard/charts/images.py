"""Small images side by side, such as the filters of a first layer."""

import pandas as pd

from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import Panels

SIDE, PER_ROW, GAP, FRAME_WIDTH = 62, 8, 6, 50

# The scheme runs from light to dark.
GREYS = {"scheme": "greys", "domain": [-1, 1], "reverse": True}


def images(frame: pd.DataFrame) -> Chart:
    """Draw images in grey, each on a scale of its own around zero: negative is dark, positive light.

    Args:
        frame: image (its number), row, column, value.
    """
    reach = frame.groupby("image")["value"].transform(lambda values: values.abs().max()).replace(0, 1)
    data = frame.assign(shade=frame["value"] / reach)
    axis = None
    encoding = {
        "x": {"field": "column", "type": "ordinal", "axis": axis},
        "y": {"field": "row", "type": "ordinal", "axis": axis},
        "color": {"field": "shade", "type": "quantitative", "legend": None, "scale": GREYS},
        "tooltip": style.tooltips({"image": "Filter"}, {"value": "Weight"}),
    }
    facet = {"field": "image", "type": "ordinal", "title": None, "header": {"labelExpr": "''", "labelPadding": 0}}
    spec = {"data": {"name": "pixels"}, "facet": facet, "spec": {"mark": "rect", "encoding": encoding}}
    layout = Panels(frame["image"].nunique(), SIDE, SIDE, PER_ROW, GAP, FRAME_WIDTH, square=True)
    return style.chart(spec, layout, pixels=data)
