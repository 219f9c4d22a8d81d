"""What all charts share: typography, quiet axes, colours by name, and how a non-finite value is drawn."""

from collections.abc import Sequence

import altair as alt

from dashboard import theme

Chart = alt.Chart | alt.LayerChart | alt.FacetChart


def finish(chart: Chart) -> Chart:
    """Return the chart with the common typography and axes.

    Args:
        chart: a chart that is complete otherwise.
    """
    return (
        chart.configure(font=theme.FONT, background="transparent")
        .configure_axis(
            labelFontSize=12, titleFontSize=12.5, titleFontWeight=500, gridOpacity=theme.GRID_OPACITY, domainOpacity=0.5
        )
        .configure_legend(labelFontSize=12, titleFontSize=12.5, orient="bottom", symbolStrokeWidth=3, labelLimit=320)
        .configure_header(labelFontSize=12.5, titleFontSize=12.5, labelFontWeight=600)
        .configure_view(strokeOpacity=0.15)
    )


def by_name(field: str, names: Sequence[str], title: str, legend: bool = True) -> alt.Color:
    """Return a colour encoding with each name's own colour.

    Args:
        field: the column.
        names: its values, in the order of the legend.
        title: title of the legend.
        legend: whether to show it.
    """
    symbols = alt.Legend(symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1)
    scale = alt.Scale(domain=list(names), range=theme.colours(list(names)))
    return alt.Color(f"{field}:N", scale=scale, title=title, legend=symbols if legend else None)
