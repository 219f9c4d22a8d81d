"""Any metric over any two axes, and what is behind each tile."""

from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from dashboard import axes, choice, data, selectors, signals
from dashboard.charts.chart import Chart
from dashboard.charts.heat_map import SELECTION, Scale, heat_map
from dashboard.charts.lines import Axis, lines
from dashboard.charts.style import spans_decades
from dashboard.figure import figure, selected

PREFIX = "map"
PAGE = "views/trainability_map.py"


class Metric(NamedTuple):
    """What a map may show: the named query whose column it is, its scale, and whether small is good."""

    query: str
    scale: Scale
    reverse: bool = False


METRICS = {
    "share_that_train": Metric("outcome_map", "share"),
    "final_test_accuracy": Metric("outcome_map", "share"),
    "best_test_accuracy": Metric("outcome_map", "share"),
    "steps_to_90": Metric("outcome_map", "number", True),
    "final_train_loss": Metric("outcome_map", "logarithmic", True),
    "gap": Metric("outcome_map", "number", True),
    "share_diverged": Metric("outcome_map", "share", True),
    "forward_rate": Metric("signal_map", "rate"),
    "backward_rate": Metric("signal_map", "rate"),
    "share_just_right": Metric("signal_map", "share"),
}
# The studies have different values, hence choices of their own.
PREFIXES = {"training": PREFIX, "propagation": f"{PREFIX}_untrained"}
STUDIES = {"outcome_map": "training", "signal_map": "propagation"}
OVER = {"mean": "their mean", "best": "the best of them"}
STORIES: dict[str, dict[str, str]] = {
    "How deep does each initialization train?": {"activation": "relu", "norm": "none"},
    "The same with batch norm": {"activation": "relu", "norm": "batch"},
    "Which learning rate at which depth?": {"x": "Learning rate", "y": "Depth", "init": "kaiming"},
    "Signal before training": {"metric": "forward_rate", "x": "Activation", "untrained_norm": "none"},
}


def main() -> None:
    """Draw the page."""
    st.title("Trainability map")
    st.markdown("Any metric over any two axes. Click a tile to see the curves and layers behind it.")
    with st.container(horizontal=True):
        for title, choices in STORIES.items():
            parameters = {_key(name): _text(value) if name == "metric" else value for name, value in choices.items()}
            st.page_link(PAGE, label=title, query_params=parameters, icon=":material/play_arrow:")
    name, x, y, over = _choose_map()
    metric = METRICS[name]
    study = STUDIES[metric.query]
    chosen = choice.cells(study, PREFIXES[study], _defaults(study), spread=(x, y))
    if chosen is None:
        return
    if x == y:
        st.info("Both axes are the same: choose another one for the rows or for the columns.")
        return
    values: dict[str, Any] = {"x": x, "y": y, **choice.bound(chosen)}
    if metric.query == "outcome_map":
        values["over"] = over
    tiles = data.query(metric.query, **values).dropna(subset=["x", "y"])
    if tiles.empty:
        st.info("This store has no cell with this combination of values; choose others above.")
        return
    tile = _map(tiles, name, metric, x, y, values)
    _behind(tile, x, y, chosen)


def _key(name: str) -> str:
    return f"{PREFIX}_{name}"


def _title(name: str) -> str:
    """Return the axis title of a metric; a store of an earlier version may lack its card."""
    return data.labels().get(name, name)


def _text(name: str) -> str:
    """Return how a metric is called among all others."""
    return _title(name) + (", untrained" if STUDIES[METRICS[name].query] == "propagation" else "")


def _choose_map() -> tuple[str, str, str, str]:
    texts = {name: _text(name) for name in METRICS}
    columns = st.columns([1.6, 1, 1, 1.2])
    with columns[0]:
        name = selectors.one("Metric", list(METRICS), _key("metric"), show=texts.__getitem__)
    with columns[1]:
        x = selectors.one("Columns", list(axes.NAMES), _key("x"), "depth", show=axes.NAMES.__getitem__)
    with columns[2]:
        y = selectors.one("Rows", list(axes.NAMES), _key("y"), "init", show=axes.NAMES.__getitem__)
    with columns[3]:
        help = "Where several configurations fall on one tile."
        over = selectors.one("Of several configurations", list(OVER), _key("over"), show=OVER.__getitem__, help=help)
    return name, x, y, over


def _defaults(study: str) -> dict[str, list[Any]]:
    """Return a first choice: one value of each axis that the map is not spread over."""
    common: dict[str, list[Any]] = {"activation": ["relu"], "norm": ["none"], "lr": [0.1]}
    if study == "training":
        return choice.largest_network() | common
    return common | {"depth": choice.options(study).get("depth", [])[-1:]}


def _map(tiles: pd.DataFrame, name: str, metric: Metric, x: str, y: str, values: dict[str, Any]) -> dict[str, str]:
    text = f"{_text(name)} over {axes.NAMES[x].lower()} and {axes.NAMES[y].lower()}, {len(tiles)} tiles."
    question = f"{_text(name)}, by {axes.NAMES[y].lower()} and {axes.NAMES[x].lower()}"
    tile = _selected(tiles)
    chart = _chart(name=name, x=x, y=y, values=values, marked=(tile["x"], tile["y"]) if tile else None)
    figure(question, chart, tiles, data.sql(metric.query, values), "map", text, select=SELECTION)
    most = int(tiles["configurations"].max()) if "configurations" in tiles else 1
    st.caption(
        f"{int(tiles['seeds'].sum()):,} runs"
        + (f", up to {most} configurations on a tile, of which {OVER[values['over']]} is shown" if most > 1 else "")
        + ". A red cross: runs diverged, a large one: all of them. An empty place was not measured."
    )
    return tile


@data.kept
def _chart(name: str, x: str, y: str, values: dict[str, Any], marked: tuple[str, str] | None) -> Chart:
    """Return the map of one metric."""
    metric = METRICS[name]
    tiles = data.query(metric.query, **values).dropna(subset=["x", "y"])
    return heat_map(
        tiles.assign(value=tiles[name]),
        axes.ordered(y, tiles["y"]),
        axes.ordered(x, tiles["x"]),
        (axes.NAMES[x], axes.NAMES[y], _title(name)),
        metric.scale,
        metric.reverse,
        marked,
    )


def _selected(shown: pd.DataFrame) -> dict[str, str]:
    """Return the tile that was clicked, or the one that the address names; it then stands in the address."""
    points = selected("map", SELECTION)
    if points:
        st.query_params[_key("tile")] = [str(points[0]["x"]), str(points[0]["y"])]
    named = st.query_params.get_all(_key("tile"))
    if len(named) == 2 and ((shown["x"] == named[0]) & (shown["y"] == named[1])).any():
        return {"x": named[0], "y": named[1]}
    return {}


def _behind(selected: dict[str, str], x: str, y: str, chosen: choice.Chosen) -> None:
    if not selected:
        st.info("Click a tile to see the curves and layers behind it.", icon=":material/ads_click:")
        return
    narrowed = chosen | {x: _value(x, selected["x"]), y: _value(y, selected["y"])}
    sentence = f"{axes.text(x, narrowed[x][0])}, {axes.text(y, narrowed[y][0])}"
    st.markdown(f"#### Behind the tile: `{sentence}`")
    left, right = st.columns(2)
    with left:
        _curves(narrowed)
    with right:
        _layers(narrowed)


def _value(axis: str, text: str) -> list[Any]:
    kinds: dict[str, type] = {"lr": float} | dict.fromkeys(("depth", "width", "batch_size", "steps"), int)
    return [kinds.get(axis, str)(text)]


def _curves(chosen: choice.Chosen) -> None:
    values = choice.bound({axis: chosen[axis] for axis in axes.NAMES if axis in chosen})
    curves = data.query("curves_over_seeds", metrics=["test_accuracy"], **values)
    if curves.empty:
        st.info("No network of this configuration was trained; the layers beside are of untrained ones.")
        return
    named = axes.named(curves, list(axes.NAMES), "init").rename(columns={"diverged": "lost"})
    colour = next(iter(axes.varying(named, list(axes.NAMES))), "init")
    chart = lines(
        named,
        Axis("step", "Step"),
        Axis("mean", data.labels()["test_accuracy"], share=True),
        Axis(colour, axes.NAMES[colour], values=axes.ordered(colour, named[colour])),
        points=False,
    )
    sql = data.sql("curves_over_seeds", {"metrics": ["test_accuracy"], **values})
    figure("How did it train?", chart, named, sql, "tile-curves", "Test accuracy against step.")


def _layers(chosen: choice.Chosen) -> None:
    wanted = {axis: chosen[axis][0] for axis in ("init", "activation", "norm") if chosen.get(axis)}
    wanted |= {axis: chosen[axis][-1] for axis in ("depth", "width") if chosen.get(axis)}
    layers = data.query("layers_of_configuration", **wanted)
    if layers.empty:
        st.info("The layers of this configuration were not measured: a propagation study with its axes does.")
        return
    frame = layers.assign(configuration=wanted["init"], init=wanted["init"])
    parts = []
    names = {metric: data.labels()[metric] for metric in ("std", "grad_rms")}
    for metric, name in names.items():
        part = signals.against_layer(frame.assign(std_low=frame["std"], std_high=frame["std"]), metric)
        parts.append(part.assign(configuration=name, quantity=name))
    both = pd.concat(parts, ignore_index=True)
    chart = lines(
        both,
        Axis("layer", "Layer", whole=True),
        Axis("mean", " · ".join(names.values()), spans_decades(both["mean"], 1.5)),
        Axis("quantity", "Quantity", values=list(names.values())),
    )
    text = "Standard deviation of activations and root mean square of gradients against layer."
    figure("What did it begin with?", chart, layers, data.sql("layers_of_configuration", wanted), "tile-layers", text)
    st.caption(f"Nearest untrained network: {signals.network_title(layers.iloc[0])}.")


main()
