"""A strip of histograms, one per layer from left to right, as on the lecture's slides."""

import altair as alt
import pandas as pd

from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import Panels
from goldilocks.dashboard.charts.template import described, slot
from goldilocks.dashboard.numerals import numeral

LEAST_WIDTH, MOST_WIDTH, HEIGHT, GAP, FRAME_WIDTH = 94, 150, 84, 24, 24
PALE = 0.4
# The statistic above the panels of each tap: what it is called, and its column.
SPREAD = {"pre": ("std", "preact_std"), "act": ("std", "std"), "grad": ("rms", "grad_rms")}


def strip(bins: pd.DataFrame, statistics: pd.DataFrame, colour: str, tap: str, cursor: int | None = None) -> Chart:
    """Draw the distributions of one configuration.

    Args:
        bins: rows of `on_common_bins` for one configuration: layer, left, right, share, height, outside, nonfinite.
        statistics: one row per layer: layer, mean, and for what stands above the panels std and std_overflowed,
            preact_std and preact_std_overflowed, or grad_rms and grad_rms_overflowed.
        colour: of the bars.
        tap: pre, act or grad: which numbers stand above each panel.
        cursor: the layer to emphasize; the others are paler.

    Returns:
        One small panel per layer on common axes; heights are relative to each panel's tallest bar.
    """
    notes = _notes(bins, statistics, tap)
    data = bins[["layer", "left", "right", "share", "height"]].assign(note=bins["layer"].map(notes))
    layout = Panels(len(notes), LEAST_WIDTH, MOST_WIDTH, len(notes), GAP, FRAME_WIDTH)
    values = {"colour": colour, "notes": list(notes.values()), "cursor": cursor}
    return style.chart(_template(cursor in notes), values, layout, bins=data)


@described
def _template(emphasized: bool) -> alt.TopLevelMixin:
    """Return a strip.

    Args:
        emphasized: whether one of its layers is.
    """
    share = alt.Tooltip(field="share", type="quantitative", title="share", format=".2%")
    axis = alt.Axis(tickCount=2, grid=False, labelFlush=True, labelExpr=style.LINEAR_LABEL)
    panel = (
        alt.Chart(height=HEIGHT)
        .mark_bar(color=slot("colour"), binSpacing=0)
        .encode(
            x=alt.X(field="left", type="quantitative", bin=alt.BinParams(binned=True), title=None, axis=axis),
            x2=alt.X2(field="right"),
            y=alt.Y(field="height", type="quantitative", title=None, axis=None, scale=alt.Scale(domain=[0, 1])),
            tooltip=[*style.tooltips({"layer": "layer"}, {"left": "from", "right": "to"}), share],
        )
    )
    if emphasized:
        own = {"test": f"datum.layer == {slot('cursor')}", "value": 1}
        panel = panel.encode(opacity=alt.OpacityValue(PALE, condition=own))
    header = alt.Header(
        title=None,
        labelOrient="top",
        labelFontWeight=400,
        labelLineHeight=15,
        labelExpr="split(datum.label, '|')",
    )
    facet = alt.Facet(field="note", type="nominal", title=None, sort=slot("notes"), header=header)
    return alt.FacetChart(data=alt.NamedData("bins"), spec=panel, facet=facet)


def _notes(bins: pd.DataFrame, statistics: pd.DataFrame, tap: str) -> dict[int, str]:
    """Return what stands above each layer's panel: its number, its statistics, and what the panel cannot show."""
    first = bins.drop_duplicates("layer").set_index("layer")[["outside", "nonfinite"]]
    layers = statistics.join(first, on="layer", how="inner").sort_values("layer")
    return {int(row.layer): _note(row, tap) for row in layers.itertuples()}


def _note(row, tap: str) -> str:
    lines = [f"layer {row.layer}"]
    called, column = SPREAD[tap]
    if hasattr(row, column):
        overflows = getattr(row, f"{column}_overflowed")
        lines.append(f"{called} overflows" if overflows else f"{called} {numeral(getattr(row, column))}")
    if row.nonfinite > 0:
        lines.append(f"{row.nonfinite:.0%} not finite")
    elif row.outside > 0.005:
        lines.append(f"{row.outside:.0%} off the axis")
    elif tap == "act" and not row.std_overflowed:
        lines.append(f"mean {numeral(row.mean, 2)}")
    return "|".join(lines)
