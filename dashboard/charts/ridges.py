"""Histograms of successive layers as ridges, the first layer on top: how a signal lives or dies, at a glance."""

import altair as alt
import pandas as pd

from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.template import described, slot

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
    values = {"colour": colour, "layers": layers, "extent": extent, "height": ROW * max(len(layers), 1)}
    return style.chart(_template(), values, bins=data)


@described
def _template() -> alt.TopLevelMixin:
    axis = alt.Axis(values=slot("layers"), format="d", grid=False, domain=False, ticks=False, titlePadding=4)
    scale = alt.Scale(domain=slot("extent"), reverse=True)
    line = alt.OverlayMarkDef(color=slot("colour"), strokeWidth=1)
    return (
        alt.Chart(alt.NamedData("bins"), height=slot("height"))
        .mark_area(color=slot("colour"), opacity=0.75, line=line)
        .encode(
            x=style.number(alt.X, "x", axis={"tickCount": 3, "grid": False}, scale={"nice": False}),
            y=alt.Y(field="top", type="quantitative", title="Layer", axis=axis, scale=scale),
            y2=alt.Y2(field="layer"),
            detail=alt.Detail(field="layer", type="nominal"),
            tooltip=style.tooltips({"layer": "layer"}, {"x": "value", "share": "share"}),
        )
    )
