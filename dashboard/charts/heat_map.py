"""A metric over two axes: one tile per pair of values, clickable, with a cross where seeds diverged."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart, Spec

SELECTION = "tile"
ROW_HEIGHT, LEAST_HEIGHT = 27, 80
# The most that a label beside the rows takes, and what its axis takes besides.
LABEL_LIMIT, TITLE_WIDTH = 190, 30
Scale = Literal["share", "number", "logarithmic", "rate"]
# How much larger or smaller than 1 a rate must be for the full colour.
RATE_REACH = 2.0
EDGED: Spec = {"type": "rect", "cornerRadius": 3, "stroke": theme.NEUTRAL}
GAPS: Spec = {"paddingInner": 0.06, "paddingOuter": 0.03}


def heat_map(
    frame: pd.DataFrame,
    rows: Sequence[str],
    columns: Sequence[str],
    titles: tuple[str, str, str],
    scale: Scale = "share",
    reverse: bool = False,
    marked: tuple[str, str] | None = None,
) -> Chart:
    """Draw a metric over two axes.

    Args:
        frame: x, y (texts), value, seeds, share_diverged; pairs that were not measured are absent.
        rows: the values of y from the top.
        columns: the values of x from the left.
        titles: of x, y and the value.
        scale: share between 0 and 1, number, logarithmic, or rate (1 in the middle, growth and decay to both sides).
        reverse: whether small values are good.
        marked: x and y of the tile that has a frame, if any.

    Returns:
        Tiles with the selection `tile`; a cross where every seed diverged, a small one where some did.
    """
    data = frame.assign(value=frame["value"].astype(float).replace([np.inf, -np.inf], np.nan))
    x: Spec = {"field": "x", "type": "nominal", "sort": list(columns), "title": titles[0], "scale": GAPS}
    y: Spec = {"field": "y", "type": "nominal", "sort": list(rows), "title": titles[1], "scale": GAPS}
    x["axis"] = style.leaning(columns) | {"orient": "bottom"}
    y["axis"] = {"labelLimit": LABEL_LIMIT, "labelOverlap": False}
    place = {"x": x, "y": y}
    layers = [_tiles(place, titles, _colour(titles[2], scale, reverse)), _frame(place), _crosses(place)]
    height = max(LEAST_HEIGHT, ROW_HEIGHT * len(rows))
    frames = pd.DataFrame([marked] if marked else [], columns=["x", "y"], dtype=object)
    spec = {"data": {"name": "tiles"}, "layer": layers, "height": height}
    return style.chart(spec, axis_width=_axis_width(rows), tiles=data, marked=frames)


def _axis_width(rows: Sequence[str]) -> int:
    longest = max((len(row) for row in rows), default=1) * style.LETTER_WIDTH
    return round(min(longest, LABEL_LIMIT)) + TITLE_WIDTH


def _tiles(place: Spec, titles: tuple[str, str, str], colour: Spec) -> Spec:
    """Return the tiles; thin edges show dark ones on a dark page."""
    shown = style.tooltips({"x": titles[0], "y": titles[1], "seeds": "Runs"}, {"value": titles[2]})
    shown.append({"field": "share_diverged", "title": "Diverged", "type": "quantitative", "format": ".0%"})
    return {
        "params": [{"name": SELECTION, "select": {"type": "point", "fields": ["x", "y"]}}],
        "mark": EDGED | {"cursor": "pointer", "strokeWidth": 0.5, "invalid": None},
        "encoding": place | {"tooltip": shown, "color": colour},
    }


def _frame(place: Spec) -> Spec:
    """Return a frame around the marked tile: data of its own, so that the address draws it as a click does."""
    return {"data": {"name": "marked"}, "mark": EDGED | {"strokeWidth": 3.5, "filled": False}, "encoding": place}


def _crosses(place: Spec) -> Spec:
    """Return the crosses: large where all seeds diverged, small where some did."""
    size = {"condition": {"test": "datum.share_diverged >= 1", "value": 150}, "value": 45}
    return {
        "transform": [{"filter": "datum.share_diverged > 0"}],
        "mark": {**style.CROSS, "stroke": "white", "strokeWidth": 1.2, "tooltip": None},
        "encoding": place | {"size": size},
    }


def _colour(title: str, scale: Scale, reverse: bool) -> Spec:
    legend = style.GRADIENT | ({"format": ".0%", "labelExpr": "datum.label"} if scale == "share" else {})
    # What was not finite has no colour of the scale.
    unknown = {"test": "!isValid(datum.value)", "value": "transparent"}
    kinds: dict[Scale, Spec] = {
        "share": {"scheme": "viridis", "domain": [0, 1]},
        "number": {"scheme": "viridis"},
        "logarithmic": {"scheme": "viridis", "type": "log"},
        "rate": {"scheme": "blueorange", "type": "log", "domain": [1 / RATE_REACH, RATE_REACH], "clamp": True},
    }
    chosen = kinds[scale] | ({"reverse": True} if reverse else {})
    return {
        "condition": unknown,
        "field": "value",
        "type": "quantitative",
        "title": title,
        "scale": chosen,
        "legend": legend,
    }
