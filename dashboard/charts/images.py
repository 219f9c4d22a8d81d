"""Small images side by side, such as the filters of a first layer."""

import pandas as pd

from dashboard.charts import style
from dashboard.charts.chart import Chart

SIDE = 62


def images(frame: pd.DataFrame, per_row: int = 8) -> Chart:
    """Draw images in grey, each on a scale of its own around zero.

    Args:
        frame: image (its number), row, column, value.
        per_row: images per row.
    """
    reach = frame.groupby("image")["value"].transform(lambda values: values.abs().max()).replace(0, 1)
    data = frame.assign(shade=frame["value"] / reach)
    axis = None
    encoding = {
        "x": {"field": "column", "type": "ordinal", "axis": axis},
        "y": {"field": "row", "type": "ordinal", "axis": axis},
        "color": {
            "field": "shade", "type": "quantitative", "legend": None, "scale": {"scheme": "greys", "domain": [-1, 1]},
        },
        "tooltip": style.tooltips({"image": "Filter"}, {"value": "Weight"}),
    }  # fmt: skip
    inner = {"mark": "rect", "encoding": encoding, "width": SIDE, "height": SIDE}
    facet = {"field": "image", "type": "ordinal", "title": None, "header": {"labels": False}}
    return style.chart(
        {"data": {"name": "pixels"}, "facet": facet, "columns": per_row, "spacing": 6, "spec": inner}, pixels=data
    )
