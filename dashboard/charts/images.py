"""Small images side by side, such as the filters of a first layer."""

import altair as alt
import pandas as pd

from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import Panels
from goldilocks.dashboard.charts.template import described

SIDE, PER_ROW, GAP, FRAME_WIDTH = 62, 8, 6, 50


def images(frame: pd.DataFrame) -> Chart:
    """Draw images in grey, each on a scale of its own around zero: negative is dark, positive light.

    Args:
        frame: image (its number), row, column, value.
    """
    reach = frame.groupby("image")["value"].transform(lambda values: values.abs().max()).replace(0, 1)
    layout = Panels(frame["image"].nunique(), SIDE, SIDE, PER_ROW, GAP, FRAME_WIDTH, square=True)
    return style.chart(_template(), {}, layout, pixels=frame.assign(shade=frame["value"] / reach))


@described
def _template() -> alt.TopLevelMixin:
    # The scheme runs from light to dark.
    greys = alt.Scale(scheme="greys", domain=[-1, 1], reverse=True)
    image = (
        alt.Chart()
        .mark_rect()
        .encode(
            x=alt.X(field="column", type="ordinal", axis=None),
            y=alt.Y(field="row", type="ordinal", axis=None),
            color=alt.Color(field="shade", type="quantitative", legend=None, scale=greys),
            tooltip=style.tooltips({"image": "Filter"}, {"value": "Weight"}),
        )
    )
    header = alt.Header(labelExpr="''", labelPadding=0)
    facet = alt.Facet(field="image", type="ordinal", title=None, header=header)
    return alt.FacetChart(data=alt.NamedData("pixels"), spec=image, facet=facet)
