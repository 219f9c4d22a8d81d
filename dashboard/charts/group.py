"""Charts that a page draws in cards of their own, as the one picture that a reader downloads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from goldilocks.dashboard.charts import reading
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.panels import PLOT, ROOM, SCALE, USUAL_WIDTH
from goldilocks.dashboard.charts.style import CONFIG, PADDING
from goldilocks.dashboard.charts.template import Spec

GAP = 28
# What Vega-Lite takes only once in a picture.
ONCE = ("config", "padding", "autosize", "params", "usermeta")


@dataclass(frozen=True)
class Group:
    """Several charts as one picture.

    Attributes:
        charts: the charts, by what stands above each; at least one.
        columns: how many stand side by side.
    """

    charts: Mapping[str, Chart]
    columns: int = 1

    def to_dict(self) -> Spec:
        """Return a specification of all of them that holds their data; see `Chart.to_dict`."""
        return together(self.charts, self.columns).to_dict()


def together(charts: Mapping[str, Chart], columns: int = 1) -> Chart:
    """Return a picture of several charts, each under its name.

    Args:
        charts: the charts, by what stands above each.
        columns: how many stand side by side.
    """
    side = (USUAL_WIDTH - (columns - 1) * GAP) // columns
    data: dict[str, pd.DataFrame] = {}
    parts = []
    sizes = {ROOM: side, PLOT: side, SCALE: 1}
    params: list[Spec] = [{"name": signal, "value": value} for signal, value in sizes.items()]
    for place, (name, chart) in enumerate(charts.items()):
        data |= {f"{place} {frame}": rows for frame, rows in chart.data.items()}
        spec = reading.renamed(_own_data(chart.spec, place), place)
        parts.append(_part(spec, chart, side) | {"title": {"text": name, "anchor": "start"}})
        params += [param for param in spec.get("params", ()) if "select" in param]
    return Chart(
        {"concat": parts, "columns": columns, "spacing": GAP, "params": params, "config": CONFIG, "padding": PADDING},
        data,
    )


def _part(spec: Spec, chart: Chart, side: int) -> Spec:
    laid_out = {**spec, "width": side} if chart.panels is None else chart.panels.laid_out(spec, side)
    return {key: value for key, value in laid_out.items() if key not in ONCE}


def _own_data(spec: Any, place: int) -> Any:
    """Return a specification that finds its frames although those of its neighbours have the same names."""
    if isinstance(spec, list):
        return [_own_data(part, place) for part in spec]
    if not isinstance(spec, dict):
        return spec
    renamed = {key: _own_data(value, place) for key, value in spec.items()}
    if isinstance(spec.get("data"), dict) and "name" in spec["data"]:
        renamed["data"] = {**spec["data"], "name": f"{place} {spec['data']['name']}"}
    return renamed
