"""Configurations by score: a dot for the mean over seeds, a bar for their range."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import ROOM
from goldilocks.dashboard.charts.template import described, slot

# In pixels: a row, and how far its name stands above its middle and its dot below.
ROW_HEIGHT, NAME_ABOVE, DOT_BELOW = 38, -9, 8


def ranking(frame: pd.DataFrame, title: str, coloured: Mapping[str, str]) -> Chart:
    """Draw a ranking, the first row on top, each name above its dot: beside them, names would take half of a phone.

    Args:
        frame: configuration, score, low, high (shares), seeds, diverged.
        title: what the score is.
        coloured: the colours of configurations that have one, as in a chart beside this one; the others are grey.
    """
    names = list(frame["configuration"])
    colours = [coloured.get(name, theme.NEUTRAL) for name in names]
    values = {"title": title, "names": names, "colours": colours, "height": ROW_HEIGHT * max(len(names), 1)}
    return style.chart(_template(), values, rows=frame)


@described
def _template() -> alt.TopLevelMixin:
    above = alt.Axis(
        labelAlign="left",
        labelPadding=0,
        labelOffset=NAME_ABOVE,
        labelLimit=alt.ExprRef(ROOM),
        labelOverlap=False,
    )
    y = alt.Y(field="configuration", type="nominal", sort=slot("names"), title=None, axis=above)
    scale = alt.Scale(domain=slot("names"), range=slot("colours"))
    paint = alt.Color(field="configuration", type="nominal", scale=scale, legend=None)
    title = slot("title")
    shown = style.tooltips(
        {"configuration": "Configuration", "seeds": "Seeds", "diverged": "Diverged"},
        {"score": title, "low": "lowest", "high": "highest"},
    )
    bar = (
        alt.Chart()
        .mark_rule(aria=False, strokeWidth=3, opacity=0.5, yOffset=DOT_BELOW)
        .encode(y=y, x=style.number(alt.X, "low", title, axis={"format": ".0%"}), x2=alt.X2(field="high"), color=paint)
    )
    dot = (
        alt.Chart()
        .mark_point(filled=True, size=110, opacity=1, yOffset=DOT_BELOW)
        .encode(y=y, x=style.number(alt.X, "score", title, axis={"format": ".0%"}), color=paint, tooltip=shown)
    )
    return alt.layer(bar, dot, data=alt.NamedData("rows"), height=slot("height"))
