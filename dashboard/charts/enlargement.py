"""A chart for the last row of a lecture hall: every length of its specification is multiplied."""

from typing import Any

from goldilocks.dashboard.charts.panels import PLOT, ROOM, SCALE
from goldilocks.dashboard.charts.template import Spec

# Lengths in pixels, and areas.
LENGTHS = frozenset(
    {
        *("labelFontSize", "titleFontSize", "fontSize", "labelLineHeight", "labelPadding", "titlePadding"),
        *("labelOffset", "labelLimit", "titleLimit", "columnPadding", "rowPadding", "offset", "padding", "spacing"),
        *("width", "dx", "dy", "strokeWidth", "symbolStrokeWidth", "gradientThickness", "cornerRadius"),
    }
)
AREAS = ("size", "symbolSize")
DATA = ("data", "datasets", "usermeta")


def enlarged(spec: Spec, scale: float, tall: float) -> Spec:
    """Return a specification whose words, lines and gaps are larger.

    Args:
        spec: laid out for a width that is smaller by the same factor.
        scale: what lengths are multiplied by.
        tall: what the heights of plots are multiplied by.
    """
    factors = dict.fromkeys(LENGTHS, scale) | dict.fromkeys(AREAS, scale**2) | {"height": tall}
    larger = _multiplied(spec, factors)
    sizes = {ROOM: scale, PLOT: scale, SCALE: scale}
    params = [
        one | {"value": one["value"] * sizes[one["name"]]} if one["name"] in sizes and "value" in one else one
        for one in larger.get("params", ())
    ]
    # Letters reach beyond what their size says, and the more so the larger they are.
    around = {side: 2 * scale * length for side, length in larger.get("padding", {}).items()}
    return larger | {"params": params, "padding": around}


def _multiplied(part: Any, factors: dict[str, float]) -> Any:
    if isinstance(part, list):
        return [_multiplied(one, factors) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: value
        if key in DATA
        else round(value * factors[key], 2)
        if key in factors and isinstance(value, int | float) and not isinstance(value, bool)
        else _multiplied(value, factors)
        for key, value in part.items()
    }
