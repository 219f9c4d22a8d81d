"""A strip of histograms, one per layer from left to right, as on the lecture's slides."""

import altair as alt
import pandas as pd

from dashboard.charts import style
from dashboard.charts.style import Chart

PANEL_WIDTH, PANEL_HEIGHT = 114, 84


def strip(bins: pd.DataFrame, statistics: pd.DataFrame, colour: str) -> Chart:
    """Draw the distributions of one configuration.

    Args:
        bins: rows of `on_common_bins` for one configuration: layer, left, right, share, height, outside, nonfinite.
        statistics: one row per layer: layer, mean, std, std_overflowed.
        colour: of the bars.

    Returns:
        One small panel per layer on common axes; heights are relative to each panel's tallest bar.
    """
    notes = _notes(bins, statistics)
    data = bins.merge(notes, on="layer", how="left")
    panels = (
        alt.Chart(data)
        .mark_bar(color=colour, binSpacing=0)
        .encode(
            x=alt.X(
                "left:Q", bin="binned", title=None, axis=alt.Axis(tickCount=2, grid=False, labelFlush=True, format="~g")
            ),
            x2="right:Q",
            y=alt.Y("height:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1])),
            tooltip=[
                alt.Tooltip("layer:O", title="layer"),
                alt.Tooltip("left:Q", title="from", format=".3g"),
                alt.Tooltip("right:Q", title="to", format=".3g"),
                alt.Tooltip("share:Q", title="share", format=".2%"),
            ],
        )
        .properties(width=PANEL_WIDTH, height=PANEL_HEIGHT)
    )
    header = alt.Header(title=None, labelExpr="split(datum.label, '|')", labelOrient="top")
    return style.finish(panels.facet(column=alt.Column("note:N", sort=list(notes["note"]), header=header), spacing=12))


def _notes(bins: pd.DataFrame, statistics: pd.DataFrame) -> pd.DataFrame:
    """Return what stands above each panel: layer, mean, std, and what the panel cannot show."""
    extent = bins.groupby("layer", as_index=False)[["outside", "nonfinite"]].first()
    layers = statistics.merge(extent, on="layer", how="inner").sort_values("layer")
    return pd.DataFrame({"layer": layers["layer"], "note": [_note(row) for row in layers.itertuples()]})


def _note(row) -> str:
    lines = [f"layer {row.layer}"]
    if row.std_overflowed:
        lines += ["std overflows", f"mean {row.mean:.3g}" if pd.notna(row.mean) else "mean overflows"]
    else:
        lines += [f"std {row.std:.3g}", f"mean {row.mean:.2g}"]
    if row.nonfinite > 0:
        lines[-1] = f"{row.nonfinite:.0%} not finite"
    elif row.outside > 0.005:
        lines[-1] = f"{row.outside:.0%} off the axis"
    return "|".join(lines)
