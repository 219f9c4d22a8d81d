"""A chart no larger than a line of text: its lines or its histograms, without axes."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.template import Spec

WIDTH, HEIGHT, MARGIN = 96, 30, 3


def thumbnail(chart: Chart) -> str:
    """Return a picture of a chart as SVG.

    Args:
        chart: of lines, or a strip of histograms; of several panels of lines the first is drawn.
    """
    marks = _lines(chart) if "rows" in chart.data else _histograms(chart)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{marks}</svg>'


def _lines(chart: Chart) -> str:
    rows, encoding = chart.data["rows"], next(_coloured(chart.spec))
    panel = chart.spec.get("facet", {}).get("field")
    rows = (rows if panel is None else rows[rows[panel] == rows[panel].iloc[0]]).reset_index(drop=True)
    x, named = encoding["x"]["field"], encoding["x"]["type"] == "nominal"
    across = pd.factorize(rows[x])[0] if named else _scaled(rows[x], encoding["x"])
    rows = rows.assign(across=across, above=_scaled(rows["mean"], encoding["y"])).dropna(subset=["across", "above"])
    rows = rows.assign(across=_fitted(rows["across"], WIDTH), above=HEIGHT - _fitted(rows["above"], HEIGHT))
    paint = encoding["color"]
    colours = dict(zip(paint["scale"]["domain"], paint["scale"]["range"], strict=True))
    drawn = []
    for _, line in rows.sort_values("across", kind="stable").groupby("configuration", sort=False):
        colour = escape(colours.get(str(line[paint["field"]].iloc[0]), theme.NEUTRAL), quote=True)
        points = [f"{place.across:.1f},{place.above:.1f}" for place in line.itertuples()]
        if named or len(points) == 1:
            centres = (point.split(",") for point in points)
            drawn += [f'<circle cx="{left}" cy="{top}" r="2.2" fill="{colour}"/>' for left, top in centres]
        else:
            drawn.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    return "".join(drawn)


def _coloured(spec: Any) -> Iterator[Spec]:
    """Find the encodings of a specification whose colour is that of a column."""
    if isinstance(spec, Mapping):
        encoding = spec.get("encoding", {})
        if "field" in encoding.get("color", {}):
            yield encoding
        for part in (*spec.get("layer", ()), spec.get("spec")):
            yield from _coloured(part)


def _scaled(values: pd.Series, channel: Spec) -> np.ndarray:
    """Return numbers as they lie on their axis; NaN where they have no place on it."""
    numbers = values.to_numpy(float)
    if channel.get("scale", {}).get("type") == "log":
        numbers = np.log10(np.where(numbers > 0, numbers, np.nan))
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _fitted(values: pd.Series, room: int) -> pd.Series:
    """Return numbers as pixels that fill the room between the margins."""
    least, span = values.min(), values.max() - values.min()
    inside = room - 2 * MARGIN
    return MARGIN + (values - least) / span * inside if span > 0 else values * 0 + room / 2


def _histograms(chart: Chart) -> str:
    bins = chart.data["bins"]
    colour = escape(chart.spec["spec"]["mark"]["color"], quote=True)
    layers = sorted(bins["layer"].unique())
    width = WIDTH / max(len(layers), 1)
    least, span = bins["left"].min(), max(bins["right"].max() - bins["left"].min(), np.finfo(float).tiny)
    drawn = []
    for place, layer in enumerate(layers):
        for bar in bins[(bins["layer"] == layer) & (bins["height"] > 0)].itertuples():
            left = (place + 0.06 + 0.88 * (bar.left - least) / span) * width
            wide = max(0.88 * (bar.right - bar.left) / span * width, 0.7)
            tall = bar.height * (HEIGHT - MARGIN)
            drawn.append(f"M{left:.1f} {HEIGHT}v{-tall:.1f}h{wide:.1f}v{tall:.1f}z")
    return f'<path d="{"".join(drawn)}" fill="{colour}"/>'
