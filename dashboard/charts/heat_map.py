"""A metric over two axes: one tile per pair of values, clickable, with a cross where seeds diverged."""

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.template import Spec, described, slot

SELECTION = "tile"
ROW_HEIGHT, LEAST_HEIGHT = 27, 80
# The most that a label beside the rows takes, and what its axis takes besides.
LABEL_LIMIT, TITLE_WIDTH = 190, 30
Scale = Literal["share", "number", "logarithmic", "rate"]
# How much larger or smaller than 1 a rate must be for the full colour.
RATE_REACH = 2.0
EDGED: dict[str, Any] = {"cornerRadius": 3, "stroke": theme.NEUTRAL}


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
        frame: x, y (texts), value, share_diverged, and in words: told (the value) and lost (how many runs diverged);
            optionally turn, in which a click on a tile is another one than in the turn before; pairs that were not
            measured are absent.
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
    values: Spec = dict(zip(("x", "y", "value"), titles, strict=True)) | style.leaning_values(columns)
    values |= {"rows": list(rows), "columns": list(columns), "height": max(LEAST_HEIGHT, ROW_HEIGHT * len(rows))}
    data = data if "turn" in data else data.assign(turn=0)
    frames = pd.DataFrame([marked] if marked else [], columns=["x", "y"], dtype=object)
    return style.chart(_template(scale, reverse), values, axis_width=_axis_width(rows), tiles=data, marked=frames)


def _axis_width(rows: Sequence[str]) -> int:
    longest = max((len(row) for row in rows), default=1) * style.LETTER_WIDTH
    return round(min(longest, LABEL_LIMIT)) + TITLE_WIDTH


@described
def _template(scale: Scale, reverse: bool) -> alt.TopLevelMixin:
    gaps = alt.Scale(paddingInner=0.06, paddingOuter=0.03)
    beside = alt.Axis(labelLimit=LABEL_LIMIT, labelOverlap=False)
    below = style.leaning(orient="bottom")
    place = {
        "x": alt.X(field="x", type="nominal", sort=slot("columns"), title=slot("x"), scale=gaps, axis=below),
        "y": alt.Y(field="y", type="nominal", sort=slot("rows"), title=slot("y"), scale=gaps, axis=beside),
    }
    layers = (_tiles(place, _colour(scale, reverse)), *_frames(place), _crosses(place))
    return alt.layer(*layers, data=alt.NamedData("tiles"), height=slot("height"))


def _tiles(place: dict[str, Any], colour: alt.Color) -> alt.Chart:
    """Return the tiles; thin edges show dark ones on a dark page."""
    shown = style.tooltips({"x": slot("x"), "y": slot("y"), "told": slot("value"), "lost": "Runs that diverged"})
    tiles = alt.Chart(name="tiles").mark_rect(**EDGED, cursor="pointer", strokeWidth=0.5, invalid=None)
    return tiles.encode(**place, tooltip=shown, color=colour).add_params(
        alt.selection_point(name=SELECTION, fields=["x", "y", "turn"], toggle=False)
    )


def _frames(place: dict[str, Any]) -> list[alt.Chart]:
    """Return a frame around the marked tile, dark inside light: one of them is seen beside any colour.

    It has data of its own, so that the address draws it as a click does.
    """
    marked = alt.Chart(alt.NamedData("marked"))
    strokes = (("white", 7), (theme.DARK, 3))
    return [
        marked.mark_rect(cornerRadius=3, stroke=stroke, strokeWidth=width, filled=False).encode(**place)
        for stroke, width in strokes
    ]


def _crosses(place: dict[str, Any]) -> alt.Chart:
    """Return the crosses: large where all seeds diverged, small where some did."""
    size = alt.SizeValue(45, condition={"test": "datum.share_diverged >= 1", "value": 150})
    crosses = alt.Chart().mark_point(**style.CROSS | {"stroke": "white", "strokeWidth": 1.2, "tooltip": None})
    return crosses.encode(**place, size=size).transform_filter("datum.share_diverged > 0")


def _colour(scale: Scale, reverse: bool) -> alt.Color:
    kinds: dict[Scale, dict[str, Any]] = {
        "share": {"scheme": "viridis", "domain": [0, 1]},
        "number": {"scheme": "viridis"},
        "logarithmic": {"scheme": "viridis", "type": "log"},
        "rate": {"scheme": "blueorange", "type": "log", "domain": [1 / RATE_REACH, RATE_REACH], "clamp": True},
    }
    chosen = kinds[scale] | ({"reverse": True} if reverse else {})
    legend = style.GRADIENT | ({"format": ".0%", "labelExpr": "datum.label"} if scale == "share" else {})
    return alt.Color(
        field="value",
        type="quantitative",
        title=slot("value"),
        scale=alt.Scale(**chosen),
        legend=alt.Legend(**legend),
        # What was not finite has no colour of the scale.
        condition={"test": "!isValid(datum.value)", "value": "transparent"},
    )
