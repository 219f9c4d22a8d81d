"""Any metric over any two axes, and what is behind each tile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from goldilocks.dashboard import axes, behind_tile, cell_filters, data, deep_links, pins, selectors, trains, verdicts
from goldilocks.dashboard.charts.heat_map import SELECTION, Scale, heat_map
from goldilocks.dashboard.figure import Figure, selection
from goldilocks.dashboard.lecture.setting import NO_NORM, RELU
from goldilocks.dashboard.lecture.stories import TRAINABILITY_MAP
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.question import Question

PREFIX = "map"
PAGE = "trainability_map"
NO_TILE = "none"
# How many tiles the reader has chosen or let go.
TURN = f"{PREFIX}_turn"
# Metrics that count runs, and what those do.
COUNTED = {"share_that_train": "runs train", "share_diverged": "runs diverged", "share_just_right": "runs just right"}


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
    deep_links.offer(PAGE, {title: _parameters(story) for title, story in TRAINABILITY_MAP.items()})
    name, x, y, over, beside = _choose_map()
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
    left, right = st.columns([1.1, 1], gap="medium")
    with left:
        chosen_tile = _map(drawn, tiles, beside)
    with right:
        _behind(chosen_tile, drawn)


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


def _choose_map() -> tuple[str, str, str, str, DeltaGenerator]:
    """Let the reader choose metric, columns, rows and aggregate; the place beside them is for the choice of a tile."""
    texts = {name: _text(name) for name in METRICS}
    columns = st.columns([1.1, 1, 1, 1, 1])
    with columns[0]:
        name = selectors.one("Metric", list(METRICS), _key("metric"), show=texts.__getitem__)
    with columns[1]:
        x = selectors.one("Columns", list(axes.NAMES), _key("x"), "depth", show=axes.NAMES.__getitem__)
    with columns[2]:
        y = selectors.one("Rows", list(axes.NAMES), _key("y"), "init", show=axes.NAMES.__getitem__)
    # What is measured on untrained networks is a mean always.
    if METRICS[name].query != "outcome_map":
        return name, x, y, "mean", columns[4]
    with columns[3]:
        help = "How several configurations on one tile are combined."
        over = selectors.one("Aggregate", list(OVER), _key("over"), show=OVER.__getitem__, help=help)
    return name, x, y, over, columns[4]


def _defaults(study: str, x: str, y: str) -> dict[str, list[Any]]:
    """Return a first choice: one value of each axis that the map is not spread over."""
    first: dict[str, list[Any]] = {"activation": [RELU], "norm": [NO_NORM], "lr": [0.1]}
    # Untrained networks of one width were mostly measured at one depth.
    if study != "propagation" or "depth" not in (x, y):
        first = cell_filters.largest_network(study) | first
    # Pinned configurations come along.
    first |= {axis: kept for axis in first if (kept := pins.values(axis, cell_filters.options(study).get(axis, ())))}
    return {axis: values for axis, values in first.items() if axis not in (x, y)}


def _map(drawn: Map, tiles: pd.DataFrame, beside: DeltaGenerator) -> dict[str, str]:
    places = _places(tiles, drawn.x, drawn.y)
    tile = next((tile for tile in places.values() if [*tile.values()] == _named()), {})
    marked = (tile["x"], tile["y"]) if tile else None
    _figure(drawn, marked, st.session_state.get(TURN, 0)).show("map", selected=_clicked)
    with beside:
        _choose_tile(places)
    return tile


@data.cached
def _figure(drawn: Map, marked: tuple[str, str] | None, turn: int) -> Figure:
    """Return the map of one metric.

    Args:
        drawn: what is drawn.
        marked: the tile that was chosen.
        turn: how many tiles were chosen or let go before.
    """
    metric, x, y, tiles = drawn.metric, drawn.x, drawn.y, drawn.tiles()
    chart = heat_map(
        tiles.assign(value=tiles[drawn.name], **_words(tiles, drawn.name), turn=turn),
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


def _words(tiles: pd.DataFrame, name: str) -> dict[str, list[str]]:
    """Return what a pointer is told of each tile: its value, and how many of its runs diverged."""
    values, seeds = tiles[name].to_numpy(float, na_value=np.nan), tiles["seeds"]
    counted = COUNTED.get(name)
    told = [
        f"{trains.counted(value, runs)} {counted}" if counted else _number(float(value), METRICS[name].scale)
        for value, runs in zip(values, seeds, strict=True)
    ]
    lost = [trains.counted(share, runs) for share, runs in zip(tiles["share_diverged"], seeds, strict=True)]
    return {"told": told, "lost": lost}


def _number(value: float, scale: Scale) -> str:
    if not np.isfinite(value):
        return "nothing finite"
    return f"{value:.1%}" if scale == "share" else numeral(value)


def _clicked() -> None:
    points = selection("map", SELECTION)
    tile = [str(points[-1]["x"]), str(points[-1]["y"])] if points else []
    # A second click lets go.
    _name({} if tile == _named() else dict(zip("xy", tile, strict=False)))


def _name(tile: Mapping[str, str]) -> None:
    """Let the address name a tile, as its column and its row; an empty one is no tile."""
    # To the browser, a click on the tile that was clicked before is no news; in another turn it is.
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
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
    st.selectbox("Tile", [NO_TILE, *tiles], key=key, on_change=changed, help="The same as a click on it.")


def _sentence(x: str, y: str, place: tuple[str, str]) -> str:
    values = {x: place[0], y: place[1]}
    return ", ".join(axes.text(axis, _value(axis, value)[0]) for axis, value in values.items())


def _value(axis: str, text: str) -> list[Any]:
    kinds: dict[str, type] = {"lr": float} | dict.fromkeys(("depth", "width", "batch_size", "steps"), int)
    return [kinds.get(axis, str)(text)]


def _behind(tile: dict[str, str], drawn: Map) -> None:
    if not tile:
        st.info("Click a tile, or choose one, to see the curves and layers behind it.", icon=":material/ads_click:")
        return
    x, y = drawn.x, drawn.y
    narrowed = drawn.chosen | {x: _value(x, tile["x"]), y: _value(y, tile["y"])}
    behind_tile.show(narrowed, _sentence(x, y, (tile["x"], tile["y"])))


main()
