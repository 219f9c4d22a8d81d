"""Any metric over any two axes, and what is behind each tile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes, cell_filters, data, deep_links, layer_statistics, selectors, verdicts
from goldilocks.dashboard.charts.heat_map import SELECTION, Scale, heat_map
from goldilocks.dashboard.charts.lines import MOST_LINES, Axis, lines
from goldilocks.dashboard.charts.style import spans_decades
from goldilocks.dashboard.figure import Figure, selection
from goldilocks.dashboard.lecture.setting import NO_NORM, RELU
from goldilocks.dashboard.lecture.stories import TRAINABILITY_MAP
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "map"
PAGE = "trainability_map"
NO_TILE = "none"


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
OVER = {"mean": "mean", "best": "best"}


@dataclass(frozen=True)
class Map:
    """What is drawn.

    Attributes:
        name: of the metric.
        x: the axis of the columns.
        y: the axis of the rows.
        over: a key of `OVER`.
        chosen: which cells, by axis.
    """

    name: str
    x: str
    y: str
    over: str
    chosen: cell_filters.Chosen

    @property
    def metric(self) -> Metric:
        """The metric."""
        return METRICS[self.name]

    @property
    def question(self) -> Question:
        """All tiles, whichever column of them is drawn."""
        values = {"x": self.x, "y": self.y, **cell_filters.bound(self.chosen)}
        over = {"over": self.over} if self.metric.query == "outcome_map" else {}
        return Question(self.metric.query, values | over, {"x": self.x, "y": self.y})

    def tiles(self) -> pd.DataFrame:
        """Return the tiles that have a place on both axes."""
        return self.question.frame().dropna(subset=["x", "y"])


def main() -> None:
    """Draw the page."""
    st.title("Trainability map")
    st.markdown("Any metric over any two axes. Click a tile, or choose one, to see the curves and layers behind it.")
    deep_links.offer(PAGE, {title: _parameters(story) for title, story in TRAINABILITY_MAP.items()})
    name, x, y, over = _choose_map()
    study = STUDIES[METRICS[name].query]
    defaults = _defaults(study, x, y)
    offered = cell_filters.options(study)
    every = Map(name, x, y, over, offered | defaults)
    whole = cell_filters.whole_rows(every.tiles(), offered.get(y, ()))
    chosen = cell_filters.cells(study, PREFIXES[study], defaults | {y: whole}, spread=(x, y))
    if chosen is None:
        return
    if x == y:
        st.info("Rows and columns are the same axis. Choose another one for either.")
        return
    drawn = Map(name, x, y, over, chosen)
    tiles = drawn.tiles()
    if tiles.empty:
        st.info("This store has no results for this combination. Choose other values above.")
        return
    _behind(_map(drawn, tiles), drawn)


def _parameters(story: Mapping[str, str]) -> dict[str, str]:
    return {_key(name): _text(value) if name == "metric" else value for name, value in story.items()}


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
    # What is measured on untrained networks is a mean always.
    if METRICS[name].query != "outcome_map":
        return name, x, y, "mean"
    with columns[3]:
        help = "How several configurations on one tile are combined."
        over = selectors.one("Aggregate", list(OVER), _key("over"), show=OVER.__getitem__, help=help)
    return name, x, y, over


def _defaults(study: str, x: str, y: str) -> dict[str, list[Any]]:
    """Return a first choice: one value of each axis that the map is not spread over."""
    first: dict[str, list[Any]] = {"activation": [RELU], "norm": [NO_NORM], "lr": [0.1]}
    # Untrained networks of one width were mostly measured at one depth.
    if study != "propagation" or "depth" not in (x, y):
        first = cell_filters.largest_network(study) | first
    return {axis: values for axis, values in first.items() if axis not in (x, y)}


def _map(drawn: Map, tiles: pd.DataFrame) -> dict[str, str]:
    places = _places(tiles, drawn.x, drawn.y)
    tile = next((tile for tile in places.values() if [*tile.values()] == _named()), {})
    marked = (tile["x"], tile["y"]) if tile else None
    _figure(drawn, marked).show("map", selected=_clicked)
    _choose_tile(places)
    return tile


@data.cached
def _figure(drawn: Map, marked: tuple[str, str] | None) -> Figure:
    """Return the map of one metric."""
    metric, x, y, tiles = drawn.metric, drawn.x, drawn.y, drawn.tiles()
    chart = heat_map(
        tiles.assign(value=tiles[drawn.name]),
        axes.ordered(y, tiles["y"]),
        axes.ordered(x, tiles["x"]),
        (axes.NAMES[x], axes.NAMES[y], _title(drawn.name)),
        metric.scale,
        metric.reverse,
        marked,
    )
    across, down = axes.in_sentence(axes.NAMES[x]), axes.in_sentence(axes.NAMES[y])
    question = f"{_text(drawn.name)}: how does it change with {down} and {across}?"
    text = f"{_text(drawn.name)} over {across} and {down}, {len(tiles)} tiles."
    most = int(tiles["configurations"].max()) if "configurations" in tiles else 1
    several = f", up to {most} configurations on a tile, of which the {OVER[drawn.over]} is shown" if most > 1 else ""
    note = (
        f"{int(tiles['seeds'].sum()):,} runs{several}. A red cross: runs diverged; a large one: all of them. An empty "
        f"place was not measured.{f' {verdicts.limits()}' if metric.query == 'signal_map' else ''}"
    )
    return Figure(question, chart, drawn.question, text, note)


def _clicked() -> None:
    for point in selection("map", SELECTION):
        _name({"x": str(point["x"]), "y": str(point["y"])})


def _name(tile: Mapping[str, str]) -> None:
    """Let the address name a tile, as its column and its row; an empty one is no tile."""
    st.query_params[_key("tile")] = list(tile.values())


def _named() -> list[str]:
    return st.query_params.get_all(_key("tile"))


def _places(shown: pd.DataFrame, x: str, y: str) -> dict[str, dict[str, str]]:
    """Return every tile by what a reader calls it, row after row."""
    places = [(column, row) for row in axes.ordered(y, shown["y"]) for column in axes.ordered(x, shown["x"])]
    measured = set(zip(shown["x"], shown["y"], strict=True))
    return {_sentence(x, y, place): dict(zip("xy", place, strict=True)) for place in places if place in measured}


def _choose_tile(tiles: dict[str, dict[str, str]]) -> None:
    """Let who cannot click a tile choose one."""
    key = _key("tile_chosen")
    st.session_state[key] = next((text for text, tile in tiles.items() if [*tile.values()] == _named()), NO_TILE)
    changed = lambda: _name(tiles.get(st.session_state[key], {}))
    st.selectbox("Tile", [NO_TILE, *tiles], key=key, on_change=changed, width=420)


def _sentence(x: str, y: str, place: tuple[str, str]) -> str:
    values = {x: place[0], y: place[1]}
    return ", ".join(axes.text(axis, _value(axis, value)[0]) for axis, value in values.items())


def _behind(selected: dict[str, str], drawn: Map) -> None:
    if not selected:
        st.info("Click a tile, or choose one, to see the curves and layers behind it.", icon=":material/ads_click:")
        return
    x, y = drawn.x, drawn.y
    narrowed = drawn.chosen | {x: _value(x, selected["x"]), y: _value(y, selected["y"])}
    st.markdown(f"#### Behind the tile: {verbatim(_sentence(x, y, (selected['x'], selected['y'])))}")
    left, right = st.columns(2)
    with left:
        _curves(narrowed)
    with right:
        _layers(narrowed)


def _value(axis: str, text: str) -> list[Any]:
    kinds: dict[str, type] = {"lr": float} | dict.fromkeys(("depth", "width", "batch_size", "steps"), int)
    return [kinds.get(axis, str)(text)]


def _curves(chosen: cell_filters.Chosen) -> None:
    values = cell_filters.bound({axis: chosen[axis] for axis in axes.NAMES if axis in chosen})
    question = Question("curves_over_seeds", {"metrics": ["test_accuracy"], "most": MOST_LINES, **values})
    curves = question.frame()
    if curves.empty:
        st.info("No network of this configuration was trained; the layers beside are of untrained ones.")
        return
    named = axes.named(for_lines(curves), list(axes.NAMES), "init")
    colour = next(iter(axes.varying(named, list(axes.NAMES))), "init")
    chart = lines(
        named,
        Axis("step", "Step"),
        Axis("mean", data.labels()["test_accuracy"], share=True),
        axes.legend(colour, named[colour]),
        points=False,
    )
    found = len(data.query("outcomes_over_seeds", **values))
    note = f"{found} configurations; the first {MOST_LINES} are drawn." if found > MOST_LINES else ""
    Figure("How did it train?", chart, question, "Test accuracy against step.", note).show("tile-curves")


def _layers(chosen: cell_filters.Chosen) -> None:
    wanted = {axis: chosen[axis][0] for axis in ("init", "activation", "norm") if chosen.get(axis)}
    wanted |= {axis: chosen[axis][-1] for axis in ("depth", "width") if chosen.get(axis)}
    question = Question("layers_of_configuration", wanted)
    layers = question.frame()
    if layers.empty:
        st.info("The layers of this configuration were not measured; a propagation study of it would measure them.")
        return
    frame = layers.assign(configuration=wanted["init"], init=wanted["init"])
    parts = []
    names = {metric: data.labels()[metric] for metric in ("std", "grad_rms")}
    for metric, name in names.items():
        part = layer_statistics.against_layer(frame.assign(std_low=frame["std"], std_high=frame["std"]), metric)
        parts.append(part.assign(configuration=name, quantity=name))
    both = pd.concat(parts, ignore_index=True)
    chart = lines(
        both,
        Axis("layer", "Layer", whole=True),
        Axis("mean", " · ".join(names.values()), spans_decades(both["mean"], 1.5)),
        axes.coloured("quantity", "Quantity", list(names.values())),
    )
    text = "Standard deviation of activations and root mean square of gradients against layer."
    note = f"Nearest untrained network: {layer_statistics.network_title(layers.iloc[0])}."
    Figure("What did it begin with?", chart, question, text, note).show("tile-layers")


main()
