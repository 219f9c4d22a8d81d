"""Charts of several panels, laid out for the width of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a window of 1440 pixels leaves beside the navigation.
USUAL_WIDTH = 980
# Of a chart that is drawn for a file and has no panels.
PICTURE_WIDTH = 760
# Signals of every chart: the pixels that a legend may take, and those that one plot is wide.
ROOM, PLOT = "room", "plot"
# A signal of charts without panels: the pixels that what they stand in is wide.
CONTAINER = "container"
# A signal of every chart: how many times larger than usual its words are.
SCALE = "enlargement"


@dataclass(frozen=True)
class Panels:
    """How panels may be laid out; all lengths in pixels.

    Attributes:
        count: number of panels.
        least: width below which fewer stand side by side.
        most: width that none exceeds.
        per_row: number of panels that never more stand side by side.
        gap: between two of them.
        frame: what axes and borders beside all of them take.
        axes: what axes of its own take beside each.
        square: whether a panel is as high as it is wide.
    """

    count: int
    least: int
    most: int
    per_row: int
    gap: int = 20
    frame: int = 0
    axes: int = 0
    square: bool = False

    def columns(self, width: int) -> int:
        """Return how many panels stand side by side.

        Args:
            width: what there is room for.
        """
        fitting = (width - self.frame + self.gap) // (self.least + self.axes + self.gap)
        return max(1, min(fitting, self.per_row, self.count))

    def laid_out(self, spec: Mapping[str, Any], width: int) -> dict[str, Any]:
        """Return a facet whose panels fit side by side.

        Args:
            spec: a Vega-Lite facet.
            width: what there is room for.
        """
        columns = self.columns(width)
        side = (width - self.frame - (columns - 1) * self.gap) // columns - self.axes
        side = max(1, min(side, self.most))
        size = {"width": side} | ({"height": side} if self.square else {})
        room = columns * (side + self.axes) + (columns - 1) * self.gap
        sizes = {ROOM: room, PLOT: side, SCALE: 1}
        params = [param for param in spec.get("params", ()) if param["name"] not in sizes]
        params += [{"name": name, "value": value} for name, value in sizes.items()]
        return {**spec, "params": params, "columns": columns, "spacing": self.gap, "spec": {**spec["spec"], **size}}


def for_file(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a chart that stands in nothing: one without panels has the usual width of a picture.

    Args:
        spec: what Vega-Lite draws.
    """
    if spec.get("width") != "container":
        return {**spec}
    known = {"name": CONTAINER, "value": PICTURE_WIDTH}
    params = [known if param["name"] == CONTAINER else param for param in spec["params"]]
    return {**spec, "width": PICTURE_WIDTH, "params": params}
