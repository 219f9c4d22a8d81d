"""Clouds of points, side by side, all on the same axes."""

import altair as alt
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import Panels
from goldilocks.dashboard.charts.template import described, slot

LEAST_SIDE, MOST_SIDE, PER_ROW, GAP, FRAME_WIDTH, AXES_WIDTH = 100, 170, 5, 16, 12, 56


def cloud(frame: pd.DataFrame, panel: str, panels: list[str], colour: str, x: str = "x", y: str = "y") -> Chart:
    """Draw clouds side by side, all on the same axes, so that what moves and stretches them is seen.

    Args:
        frame: x, y, and the columns of panel and colour.
        panel: the column that makes the panels.
        panels: its values from left to right.
        colour: the column that colours the points.
        x: title of the horizontal axes.
        y: title of the vertical axes.
    """
    names = list(dict.fromkeys(frame[colour].astype(str)))
    values = {"panel": panel, "panels": panels, "x": x, "y": y, **style.colour_values("colour", colour, names)}
    values["colour_colours"] = theme.PALETTE[: len(names)]
    layout = Panels(len(panels), LEAST_SIDE, MOST_SIDE, PER_ROW, GAP, FRAME_WIDTH, AXES_WIDTH, square=True)
    return style.chart(_template(len(names) > 1), values, layout, points=frame)


@described
def _template(several: bool) -> alt.TopLevelMixin:
    """Return clouds.

    Args:
        several: whether there are several colours.
    """
    points = (
        alt.Chart()
        .mark_point(filled=True, size=14, opacity=0.55)
        .encode(
            x=style.number(alt.X, "x", slot("x"), axis={"tickCount": 3}),
            y=style.number(alt.Y, "y", slot("y"), axis={"tickCount": 3}),
            color=style.colour("colour", "Class", "circle", several),
        )
    )
    facet = alt.Facet(field=slot("panel"), type="nominal", sort=slot("panels"), title=None)
    clouds = alt.FacetChart(data=alt.NamedData("points"), spec=points, facet=facet)
    # The same numbers stand beside each panel, wherever a line of panels ends.
    return clouds.resolve_axis(x="independent", y="independent")
