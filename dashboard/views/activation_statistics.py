"""The lecture's first question, live: what becomes of the signal, layer after layer?"""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from goldilocks.dashboard import axes, data, deep_links, layer_statistics, selectors, theme, verdicts, viewport
from goldilocks.dashboard.cell_filters import plain
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.distributions import strip
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.style import spans_decades
from goldilocks.dashboard.distributions import on_common_bins
from goldilocks.dashboard.figure import Picture, draw, group
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim

MOST_CONFIGURATIONS = 6
MOST_PANELS = 6
LECTURE = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming"]
TAPS = {"act": "activations", "pre": "pre-activations", "grad": "gradients"}
SHAPE = ("network", "dataset", "preprocessing", "depth", "width", "batch_size")
NOTHING = "nothing"
# The share of a card that its numbers take, and the pixels below which they stand above its picture.
SIDE, LEAST_WIDTH = 0.22, 700
PAGE = "activation_statistics"
STORIES: dict[str, dict[str, str | list[str]]] = {
    "tanh: too small, too big, just right": {"activation": "tanh"},
    "ReLU: Xavier collapses, Kaiming holds": {"activation": "relu", "init": ["xavier", "kaiming"]},
    "The notes' slip": {"activation": "relu", "init": ["kaiming", "kaiming_slip"]},
    "Batch norm forgives": {"activation": "tanh", "init": LECTURE[:2], "norm": ["none", "batch"]},
}
# What is drawn against the layer: column, question, whether it may be compared with a baseline.
FIGURES = (
    ("std", "How far do the activations spread?", True),
    ("grad_rms", "How much gradient comes back?", True),
    ("frac_saturated", "How much of it is saturated?", False),
    ("frac_dead_units", "How many units are dead?", False),
)


def main() -> None:
    """Draw the page."""
    st.title("Activation statistics")
    st.markdown(
        "One batch goes through an untrained network. "
        "Which initialization keeps the signal alive to the last layer, and its gradient back to the first?"
    )
    networks = data.query("propagation_networks")
    if networks.empty:
        st.info("This store has no untrained networks yet: `goldilocks run lecture` computes the lecture's.")
        return
    deep_links.offer(PAGE, STORIES)
    network = _choose_network(networks)
    chosen = _choose_configurations(network)
    if not all(chosen.values()):
        st.info("Nothing is selected: choose at least one initialization, activation and normalization above.")
        return
    shape = {key: plain(network[key]) for key in SHAPE}
    shown = _shown(shape=shape, chosen=chosen)
    if shown.found > MOST_CONFIGURATIONS:
        st.warning(f"These are {shown.found} configurations; the first {MOST_CONFIGURATIONS} are shown.")
    if not shown.found:
        st.info("This store has no cell with this combination; choose another activation or normalization.")
        return
    tap, cursor, baseline = _choose_view(shown.names, shape["depth"])
    _cards(shown, shape, chosen, tap, cursor)
    _depth_figures(shape, chosen, cursor, baseline)


def _choose_network(networks: pd.DataFrame) -> pd.Series:
    titles = [layer_statistics.network_title(row) for row in networks.itertuples()]
    title = selectors.one("Network and input", titles, "network", help="Each was measured with several seeds.")
    return networks.iloc[titles.index(title)]


def _choose_configurations(network: pd.Series) -> dict[str, list[str]]:
    left, middle, right = st.columns([3, 1.4, 1.4])
    inits, activations, norms = (axes.ordered(key, network[f"{key}s"]) for key in ("init", "activation", "norm"))
    default = [init for init in LECTURE if init in inits] or inits[:4]
    first = ["tanh"] if "tanh" in activations else activations[:1]
    with left:
        chosen = selectors.several("Initializations", inits, "init", default, most=MOST_CONFIGURATIONS)
    with middle:
        chosen_activations = selectors.several("Activations", activations, "activation", first)
    with right:
        chosen_norms = selectors.several("Normalizations", norms, "norm", ["none"])
    return {"inits": chosen, "activations": chosen_activations, "norms": chosen_norms}


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Name each configuration by its initialization and by what else tells it apart; the lecture's order first."""
    named = axes.named(frame, ("init", "activation", "norm"), "init")
    others = axes.varying(frame, ("activation", "norm"))
    named["variant"] = [
        ", ".join(axes.text(axis, value) for axis, value in zip(others, row, strict=True))
        for row in named[others].itertuples(index=False)
    ]
    if not axes.varying(frame, ("init",)) and others:
        named["configuration"] = [f"{i}, {c}" for i, c in zip(named["init"], named["configuration"], strict=True)]
    rank = named["init"].map(lambda init: LECTURE.index(init) if init in LECTURE else len(LECTURE))
    return named.loc[rank.sort_values(kind="stable").index].reset_index(drop=True)


@dataclass(frozen=True)
class Shown:
    """What the page shows of its choices.

    Attributes:
        found: number of configurations that were chosen.
        names: those that are shown, in order.
        signal: their statistics by layer.
        rows: the same by configuration and layer.
        verdicts: their verdicts by configuration.
    """

    found: int
    names: list[str]
    signal: pd.DataFrame
    rows: dict[tuple[str, int], Any]
    verdicts: dict[str, Any]


@data.cached
def _shown(shape: dict[str, Any], chosen: dict[str, list[str]]) -> Shown:
    signal = _named(data.query("signal_by_layer", **shape, **chosen))
    found = list(dict.fromkeys(signal["configuration"]))
    names = found[:MOST_CONFIGURATIONS]
    signal = signal[signal["configuration"].isin(names)]
    judged = data.query("configuration_verdicts", **shape)
    for axis in ("init", "activation", "norm"):
        judged = judged[judged[axis].isin(chosen[f"{axis}s"])]
    rows = {(row.configuration, row.layer): row for row in signal.itertuples()}
    return Shown(len(found), names, signal, rows, {row.configuration: row for row in _named(judged).itertuples()})


def _choose_view(names: list[str], depth: int) -> tuple[str, int, str]:
    left, middle, right = st.columns([1.9, 1.5, 1.3], vertical_alignment="bottom")
    with left:
        tap = selectors.switch("Show the distribution of", list(TAPS), "tap", "act", show=TAPS.__getitem__)
    cursor = depth
    with middle:
        if depth > 1:
            help = "The cards say the numbers of this layer; the figures below mark it."
            cursor = selectors.position("Layer", depth, depth, f"layer_of_{depth}", help)
    with right:
        options = [NOTHING, *names]
        baseline = selectors.one("Compare with", options, "baseline", NOTHING, help="Draws ratios to it.")
    return tap, cursor, baseline


def _cards(shown: Shown, shape: dict[str, Any], chosen: dict[str, list[str]], tap: str, cursor: int) -> None:
    layers = _spread(sorted({layer for _, layer in shown.rows}), cursor)
    bins = _bins(shape=shape, chosen=chosen, tap=tap, layers=layers)
    strips = _strips(shape=shape, chosen=chosen, tap=tap, cursor=cursor, layers=layers)
    sql = data.sql("layer_distributions", {**shape, **chosen, "tap": tap, "layers": layers})
    room = viewport.width() - viewport.CARD
    with group(f"What happens to the {TAPS[tap]} from layer to layer?", strips, bins, sql, "strips"):
        for place, name in enumerate(shown.names):
            with st.container(border=True, key=f"card-{place}"):
                side, picture, width = _side_and_picture(room)
                with side:
                    st.markdown(f"**{verbatim(name)}**")
                    _numbers(shown.rows.get((name, cursor)), shown.verdicts.get(name))
                with picture:
                    text = f"Distribution of {TAPS[tap]} in {len(layers)} layers for {name}."
                    draw(strips[name], f"strip-{place}", text, width=width)
        _explain()


def _side_and_picture(room: int) -> tuple[DeltaGenerator, DeltaGenerator, int]:
    """Return where the numbers of a card stand, where its picture does, and the pixels that this has."""
    if room < LEAST_WIDTH:
        return st.container(), st.container(), room
    side, picture = st.columns([SIDE, 1 - SIDE], vertical_alignment="center")
    return side, picture, int((room - viewport.GAP) * (1 - SIDE))


@data.cached
def _strips(
    shape: dict[str, Any], chosen: dict[str, list[str]], tap: str, cursor: int, layers: list[int]
) -> dict[str, Chart]:
    """Return the strip of each configuration, all on one axis."""
    signal = _shown(shape=shape, chosen=chosen).signal
    bins = dict(iter(_bins(shape=shape, chosen=chosen, tap=tap, layers=layers).groupby("configuration", sort=False)))
    return {
        name: strip(bins[name], own, theme.colour(own["init"].iloc[0]), tap, cursor)
        for name, own in signal.groupby("configuration", sort=False)
        if name in bins
    }


@data.cached
def _bins(shape: dict[str, Any], chosen: dict[str, list[str]], tap: str, layers: list[int]) -> pd.DataFrame:
    """Return the histograms of all configurations on common bins."""
    rows = _named(data.query("layer_distributions", **shape, **chosen, tap=tap, layers=layers))
    rows = rows[rows["configuration"].isin(_shown(shape=shape, chosen=chosen).names)]
    return on_common_bins(rows, ["configuration", "layer"])


def _spread(layers: list[int], cursor: int) -> list[int]:
    """Return at most MOST_PANELS layers: the first, the last and the cursor's among them."""
    layers = [plain(layer) for layer in layers]
    if len(layers) <= MOST_PANELS:
        return layers
    places = sorted({round(k * (len(layers) - 1) / (MOST_PANELS - 1)) for k in range(MOST_PANELS)})
    spread = [layers[place] for place in places]
    if cursor in layers and cursor not in spread:
        nearest = min(range(1, len(spread) - 1), key=lambda place: abs(spread[place] - cursor))
        spread[nearest] = cursor
    return sorted(spread)


def _numbers(row: Any, verdict: Any) -> None:
    lines_ = []
    if verdict is not None:
        verdicts.badge(verdict.verdict)
        lines_ += [
            f"signal {verdicts.growth(verdict, 'forward')}",
            f"gradient {verdicts.growth(verdict, 'backward')}",
            f"{verdict.agreeing} of {verdict.seeds} seeds agree",
        ]
    if row is not None:
        std = "overflows" if row.std_overflowed else numeral(row.std, 4)
        lines_.append(f"layer {row.layer}: std {std}")
        if pd.notna(row.theory_std):
            lines_.append(f"in theory: std {numeral(row.theory_std, 4)}")
        lines_.append(f"saturated {verdicts.share(row.frac_saturated)}, dead {verdicts.share(row.frac_dead_units)}")
        lines_.append(f"σw = {numeral(row.sigma_w)}")
    st.caption("  \n".join(map(verbatim, lines_)))


def _explain() -> None:
    st.caption(
        "All panels share one axis; heights are relative to the tallest bar of each panel. Seeds are added up. "
        f"{verdicts.limits()} Dead: in some layer every unit is zero, or passes no gradient, on every example. "
        "σw is the std of the weights times √fan-in. Dead units: those whose derivative is zero on every example of "
        "the batch, so that no gradient passes."
    )


def _depth_figures(shape: dict[str, Any], chosen: dict[str, list[str]], cursor: int, baseline: str) -> None:
    for pair in (FIGURES[:2], FIGURES[2:]):
        for column, (metric, question, comparable) in zip(st.columns(2), pair, strict=True):
            against = baseline if comparable else NOTHING
            with column:
                picture = _depth_figure(
                    shape=shape, chosen=chosen, cursor=cursor, metric=metric, question=question, baseline=against
                )
                picture.show(metric.replace("_", "-"))
    st.caption(
        "Lines: mean over seeds; band: their range. Grey dashes: mean-field theory for infinite width; around it, "
        "where 95 % of single networks of this width should lie. A cross in the colour of its line, edged in red: "
        "from this layer on, seeds overflowed."
    )


def _ratios(shape: dict[str, Any], signal: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return for each row of the signal its ratios to the baseline, in pairs of seeds."""
    configuration = ["init", "activation", "norm"]
    first = signal[signal["configuration"] == baseline].iloc[0]
    ratios = data.query("signal_ratios", **shape, **{f"baseline_{axis}": first[axis] for axis in configuration})
    beside = signal[[*configuration, "layer"]].merge(ratios, how="left", on=[*configuration, "layer"], validate="1:1")
    return beside.set_axis(signal.index)


@data.cached
def _depth_figure(
    shape: dict[str, Any], chosen: dict[str, list[str]], cursor: int, metric: str, question: str, baseline: str
) -> Picture:
    """Return one statistic against the layer."""
    shown = _shown(shape=shape, chosen=chosen)
    signal, names = shown.signal, shown.names
    inits, variants = (list(dict.fromkeys(signal[key])) for key in ("init", "variant"))
    frame, title = layer_statistics.against_layer(signal, metric), data.labels()[metric]
    if baseline != NOTHING:
        ratios = _ratios(shape, signal, baseline)
        frame, title = layer_statistics.relative(frame, ratios, metric, baseline), f"{title} ÷ {baseline}, seed by seed"
    share = metric.startswith("frac_")
    chart = lines(
        frame,
        Axis("layer", "Layer", whole=True),
        Axis("mean", title, not share and (metric == "grad_rms" or spans_decades(frame["mean"])), share=share),
        Axis("init", "Initialization", values=inits),
        dash=Axis("variant", "Variant", values=variants),
        cursor=cursor,
    )
    text = f"{title} against layer for {', '.join(names)}."
    return Picture(question, chart, signal, data.sql("signal_by_layer", {**shape, **chosen}), text)


main()
