"""A statistic against depth for several configurations: mean over seeds, their range, theory dashed."""

import altair as alt
import numpy as np
import pandas as pd

from dashboard import theme
from dashboard.charts import style
from dashboard.charts.style import Chart

HEIGHT = 320


def against_layer(frame: pd.DataFrame, metric: str, title: str, logarithmic: bool) -> Chart:
    """Draw one statistic of several configurations against the layer.

    Args:
        frame: one row per configuration and layer: configuration, init, variant (what else tells configurations
            apart), layer, seeds, and metric, metric_low, metric_high, metric_overflowed, theory_metric.
        metric: the statistic's column, std or grad_rms.
        title: axis title.
        logarithmic: whether the axis is logarithmic; values of zero then stand at its lower end.

    Returns:
        Lines with a band for the seeds' range, dashes for theory, and crosses where a value overflowed.
    """
    data = _tidy(frame, metric, logarithmic)
    inits = list(dict.fromkeys(data["init"]))
    variants = list(dict.fromkeys(data["variant"]))
    scale = alt.Scale(type="log", nice=False) if logarithmic else alt.Scale(zero=True)
    axis = alt.Axis(format="~g" if not logarithmic else ".0e", tickCount=6)
    base = alt.Chart(data).encode(
        x=alt.X("layer:Q", title="Layer", axis=alt.Axis(tickMinStep=1, grid=False, format="d")),
        color=style.by_name("init", inits, "Initialization"),
        detail="configuration:N",
    )
    tooltip = ["configuration:N", "layer:Q", alt.Tooltip("value:Q", title=title, format=".4g"), "seeds:Q"]
    band = base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", scale=scale, title=title, axis=axis), y2="high:Q")
    line = base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=38)).encode(
        y=alt.Y("value:Q", scale=scale, title=title, axis=axis), tooltip=tooltip
    )
    if len(variants) > 1:
        line = line.encode(strokeDash=alt.StrokeDash("variant:N", title="Variant", sort=variants))
    theory = base.mark_line(strokeDash=[2, 3], strokeWidth=1.4, opacity=0.9).encode(
        y=alt.Y("theory:Q", scale=scale, title=title, axis=axis)
    )
    crosses = (
        alt.Chart(data[data["overflowed"] > 0])
        .mark_point(shape="cross", angle=45, size=110, filled=True, color=theme.DIVERGED)
        .encode(x="layer:Q", y=alt.value(8), tooltip=["configuration:N", "layer:Q", "overflowed:Q", "seeds:Q"])
    )
    chart = alt.layer(band, theory, line, crosses).properties(height=HEIGHT, width="container")
    return style.finish(chart)


def _tidy(frame: pd.DataFrame, metric: str, logarithmic: bool) -> pd.DataFrame:
    names = {metric: "value", f"{metric}_low": "low", f"{metric}_high": "high", f"{metric}_overflowed": "overflowed"}
    data = frame.rename(columns={**names, f"theory_{metric}": "theory"})
    data = data[["configuration", "init", "variant", "layer", "seeds", *names.values(), "theory"]].copy()
    numbers = ["value", "low", "high", "theory"]
    data[numbers] = data[numbers].astype(float).replace([np.inf, -np.inf], np.nan)
    if logarithmic and (data["value"] > 0).any():
        # A logarithmic axis has no zero: what vanished entirely stands a decade below the smallest other value.
        floor = data.loc[data["value"] > 0, "value"].min() / 10
        data[numbers] = data[numbers].where(~(data[numbers] <= 0), floor)
        # Theory far outside of what was measured would only squeeze the axis.
        data["theory"] = data["theory"].where(data["theory"].between(floor, data["value"].max() * 10))
    return data
