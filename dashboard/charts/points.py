"""Clouds of points, side by side, each on axes of its own."""

import altair as alt
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import Panels
from goldilocks.dashboard.charts.template import described, slot

LEAST_SIDE, MOST_SIDE, PER_ROW, GAP, FRAME_WIDTH, AXES_WIDTH = 100, 170, 5, 16, 12, 34


def cloud(frame: pd.DataFrame, panel: str, panels: list[str], colour: str) -> Chart:
    """Draw clouds side by side, each on axes of its own.

    Args:
        frame: x, y, and the columns of panel and colour.
        panel: the column that makes the panels.
        panels: its values from left to right.
        colour: the column that colours the points.
    """
    names = list(dict.fromkeys(frame[colour].astype(str)))
    values = {"panel": panel, "panels": panels, **style.colour_values("colour", colour, names)}
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
            x=style.number(alt.X, "x", axis={"tickCount": 3}),
            y=style.number(alt.Y, "y", axis={"tickCount": 3}),
            color=style.colour("colour", "Class", "circle", several),
        )
    )
    facet = alt.Facet(field=slot("panel"), type="nominal", sort=slot("panels"), title=None)
    clouds = alt.FacetChart(data=alt.NamedData("points"), spec=points, facet=facet)
    return clouds.resolve_scale(x="independent", y="independent")
