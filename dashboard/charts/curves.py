"""Learning curves of several configurations: mean over seeds, their range, and a cross where seeds diverged."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from dashboard import theme
from dashboard.charts import style
from dashboard.charts.style import Chart

PANEL_HEIGHT, PANEL_WIDTH, PANELS_PER_ROW = 220, 196, 4


def learning_curves(
    frame: pd.DataFrame, metric: str, title: str, colour: str, facet: str | None, names: dict[str, str]
) -> Chart:
    """Draw one metric of several configurations against the step.

    Args:
        frame: one row per configuration and step: configuration, the axes, step, seeds, diverged, and metric,
            metric_low, metric_high.
        metric: train_loss or test_accuracy.
        title: axis title.
        colour: the axis that colours the lines.
        facet: the axis that makes the panels, or None.
        names: titles of the axes.

    Returns:
        Panels on common axes; a cross at the top marks the step from which seeds were lost to divergence.
    """
    data = frame.rename(columns={metric: "value", f"{metric}_low": "low", f"{metric}_high": "high"})
    columns = ["configuration", "step", "seeds", "diverged", "value", "low", "high", *_axes(colour, facet)]
    data = data[list(dict.fromkeys(columns))].astype({"value": float, "low": float, "high": float})
    data[colour] = data[colour].astype(str)
    base = alt.Chart(data).encode(
        x=alt.X("step:Q", title="Step", axis=alt.Axis(grid=False, tickCount=4)),
        color=style.by_name(colour, ordered(data[colour]), names[colour]),
        detail="configuration:N",
    )
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5))
    band = base.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    tooltip = ["configuration:N", "step:Q", alt.Tooltip("value:Q", title=title, format=".4g"), "seeds:Q", "diverged:Q"]
    line = base.mark_line(strokeWidth=2.4).encode(y=y, tooltip=tooltip)
    crosses = (
        base.transform_filter("datum.first_loss")
        .mark_point(shape="cross", angle=45, size=110, filled=True)
        .encode(y=alt.value(8), color=alt.value(theme.DIVERGED), tooltip=["configuration:N", "step:Q", "diverged:Q"])
    )
    data["first_loss"] = _first_losses(data)
    layered = alt.layer(band, line, crosses, data=data).properties(height=PANEL_HEIGHT)
    if facet is None:
        return style.finish(layered.properties(width="container", height=320))
    panels = layered.properties(width=PANEL_WIDTH).facet(
        facet=alt.Facet(f"{facet}:N", title=names[facet], sort=ordered(data[facet])), columns=PANELS_PER_ROW
    )
    return style.finish(panels)


def ordered(values: pd.Series) -> list:
    """Return the distinct values, numbers by size and texts as they come."""
    distinct = list(dict.fromkeys(values))
    try:
        return sorted(distinct, key=float)
    except (TypeError, ValueError):
        return distinct


def _axes(colour: str, facet: str | None) -> Sequence[str]:
    return [colour] if facet is None else [colour, facet]


def _first_losses(data: pd.DataFrame) -> pd.Series:
    """Say for each row whether more seeds are lost than at the step before."""
    ascending = data.sort_values(["configuration", "step"])
    before = ascending.groupby("configuration")["diverged"].shift(fill_value=0)
    return (ascending["diverged"] > before).reindex(data.index)
