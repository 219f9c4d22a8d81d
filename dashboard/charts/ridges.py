"""Histograms of successive layers as ridges, the first layer on top: how a signal lives or dies, at a glance."""

import altair as alt
import pandas as pd

from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.template import described, slot

ROW = 22
# What a ridge of full height holds at least, as a share of an even spread over all bins.
LOWEST = 0.2


def ridges(bins: pd.DataFrame, colour: str) -> Chart:
    """Draw one ridge per layer on a common axis.

    Args:
        bins: rows of `on_common_bins` for one configuration: layer, left, right, share.
        colour: of the ridges.
    """
    data = bins.assign(x=(bins["left"] + bins["right"]) / 2, top=bins["layer"] - 0.92 * _heights(bins))
    layers = sorted(data["layer"].unique().tolist())
    extent = [min(layers, default=1) - 1, max(layers, default=1) + 0.05]
    values = {"colour": colour, "layers": layers, "extent": extent, "height": ROW * max(len(layers), 1)}
    return style.chart(_template(), values, bins=data)


def _heights(bins: pd.DataFrame) -> pd.Series:
    """Return how high each bin is: all of what is around zero would hide the rest, where half of the units are zero."""
    zero = (bins["left"] <= 0) & (bins["right"] > 0)
    layers = bins["share"].where(~zero, 0.0).groupby(bins["layer"])
    return (bins["share"] / layers.transform("max").clip(lower=LOWEST / layers.transform("size"))).clip(upper=1.0)


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
