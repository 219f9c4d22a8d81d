"""The lecture's first question, live: what becomes of the signal, layer after layer?"""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from goldilocks.dashboard import (
    axes,
    commands,
    data,
    deep_links,
    layer_statistics,
    pins,
    selectors,
    verdicts,
    viewport,
)
from goldilocks.dashboard.cell_filters import plain
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.distributions import strip
from goldilocks.dashboard.charts.group import Group
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.style import spans_decades
from goldilocks.dashboard.configurations import (
    CONFIGURATION,
    LECTURE,
    MOST_CONFIGURATIONS,
    Configurations,
    key,
    named,
    shown,
)
from goldilocks.dashboard.distributions import on_common_bins
from goldilocks.dashboard.figure import Figure, draw
from goldilocks.dashboard.lecture import stories
from goldilocks.dashboard.lecture.setting import NO_NORM, TANH
from goldilocks.dashboard.members import members
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

MOST_PANELS = 6
TAPS = {"act": "activations", "pre": "pre-activations", "grad": "gradients"}
SHAPE = ("network", "dataset", "preprocessing", "depth", "width", "batch_size")
NOTHING = "nothing"
# The share of a card that its numbers take, and the pixels below which they stand above its picture.
SIDE, LEAST_WIDTH = 0.22, 700
PAGE = "activation_statistics"
# What is drawn against the layer: column, question, whether it may be compared with a baseline.
FIGURES = (
    ("std", "How far do the activations spread?", True),
    ("grad_rms", "How much gradient comes back?", True),
    ("frac_saturated", "How much of it is saturated?", False),
    ("frac_dead_units", "How many units are dead?", False),
)


@dataclass(frozen=True)
class View:
    """What the page shows of them.

    Attributes:
        configurations: the networks.
        tap: whose distributions are drawn.
        cursor: the layer that is marked.
        layers: those whose distributions are drawn.
    """

    configurations: Configurations
    tap: str
    cursor: int
    layers: list[int]

    @property
    def distributions(self) -> Question:
        """The histograms of the layers."""
        values = self.configurations.values | {"tap": self.tap, "layers": self.layers}
        return Question("layer_distributions", values)


def main() -> None:
    """Draw the page."""
    st.title("Activation statistics")
    st.markdown(
        "One batch goes through an untrained network. "
        "Which initialization keeps the signal alive to the last layer, and its gradient back to the first?"
    )
    networks = data.query("propagation_networks")
    if networks.empty:
        st.info(f"This store has no untrained networks yet. {commands.remedy('run lecture', 'to compute some')}")
        return
    deep_links.offer(PAGE, stories.ACTIVATION_STATISTICS)
    configurations = _choose_configurations(_choose_network(networks))
    if not (configurations.inits and configurations.activations and configurations.norms):
        st.info("Nothing is selected. Choose at least one initialization, activation and normalization above.")
        return
    found = shown(configurations)
    if found.found > MOST_CONFIGURATIONS:
        st.warning(f"{found.found} configurations are selected; the first {MOST_CONFIGURATIONS} are shown.")
    if not found.found:
        st.info("This store has no results for this combination. Choose another activation or normalization.")
        return
    tap, cursor, baseline = _choose_view(found.names, configurations.shape["depth"])
    layers = _spread(sorted({layer for _, layer in found.rows}), cursor)
    _cards(View(configurations, tap, cursor, layers))
    _depth_figures(configurations, cursor, baseline)


def _choose_network(networks: pd.DataFrame) -> pd.Series:
    titles = [layer_statistics.network_title(row) for row in networks.itertuples()]
    title = selectors.one("Network and input", titles, "network", help="Each was measured with several seeds.")
    return networks.iloc[titles.index(title)]


def _choose_configurations(network: pd.Series) -> Configurations:
    left, middle, right = st.columns([3, 1.4, 1.4])
    inits, activations, norms = (axes.ordered(axis, network[f"{axis}s"]) for axis in CONFIGURATION)
    default = inits[:MOST_CONFIGURATIONS] if network.own else [init for init in LECTURE if init in inits] or inits[:4]
    keys = {axis: key(axis, network["network"]) for axis in CONFIGURATION}
    # Pinned configurations come along.
    default = pins.values("init", inits)[:MOST_CONFIGURATIONS] or default
    first = pins.values("activation", activations) or ([TANH] if TANH in activations else activations[:1])
    first_norms = pins.values("norm", norms) or [NO_NORM]
    with left:
        chosen = selectors.several("Initializations", inits, keys["init"], default, most=MOST_CONFIGURATIONS)
    with middle:
        chosen_activations = selectors.several("Activations", activations, keys["activation"], first)
    with right:
        chosen_norms = selectors.several("Normalizations", norms, keys["norm"], first_norms)
    return Configurations({axis: plain(network[axis]) for axis in SHAPE}, chosen, chosen_activations, chosen_norms)


def _choose_view(names: list[str], depth: int) -> tuple[str, int, str]:
    left, middle, right = st.columns([1.9, 1.5, 1.3], vertical_alignment="bottom")
    with left:
        tap = selectors.switch("Show the distribution of", list(TAPS), "tap", "act", show=TAPS.__getitem__)
    cursor = depth
    with middle:
        if depth > 1:
            help = "The cards show this layer's numbers; the figures below mark it."
            cursor = selectors.position("Layer", depth, depth, f"layer_of_{depth}", help)
    with right:
        options = [NOTHING, *names]
        baseline = selectors.one("Compare with", options, "baseline", NOTHING, help="Draws ratios to it.")
    return tap, cursor, baseline


def _cards(view: View) -> None:
    found, strips = shown(view.configurations), _strips(view)
    room = viewport.width() - viewport.CARD
    title = f"What happens to the {TAPS[view.tap]} from layer to layer?"
    with Figure(title, Group(strips), view.distributions, "").around("strips"):
        for place, name in enumerate(found.names):
            with st.container(border=True, key=f"card-{place}"):
                side, picture, width = _side_and_picture(room)
                with side:
                    st.markdown(f"**{verbatim(name)}**")
                    _numbers(found.rows.get((name, view.cursor)), found.verdicts.get(name))
                with picture:
                    text = f"Distribution of {TAPS[view.tap]} in {len(view.layers)} layers for {name}."
                    draw(strips[name], f"strip-{place}", text, width=width)
        _explain()


def _side_and_picture(room: int) -> tuple[DeltaGenerator, DeltaGenerator, int]:
    """Return where the numbers of a card stand, where its picture does, and the pixels that this has."""
    if room < LEAST_WIDTH:
        return st.container(), st.container(), room
    side, picture = st.columns([SIDE, 1 - SIDE], vertical_alignment="center")
    return side, picture, int((room - viewport.GAP) * (1 - SIDE))


@data.cached
def _strips(view: View) -> dict[str, Chart]:
    """Return the strip of each configuration, all on one axis."""
    found = shown(view.configurations)
    rows = named(view.distributions.frame())
    bins = on_common_bins(rows[rows["configuration"].isin(found.names)], ["configuration", "layer"])
    by_name = dict(iter(bins.groupby("configuration", sort=False)))
    return {
        name: strip(by_name[name], own, members().paint.colour(own["init"].iloc[0]), view.tap, view.cursor)
        for name, own in found.signal.groupby("configuration", sort=False)
        if name in by_name
    }


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
        # A layer that ends in an addition has no weights of its own.
        if pd.notna(row.sigma_w):
            lines_.append(f"σw = {numeral(row.sigma_w)}")
    st.caption("  \n".join(map(verbatim, lines_)))


def _explain() -> None:
    st.caption(
        "All panels share one axis; heights are relative to the tallest bar of each panel. Seeds are added up. "
        f"{verdicts.limits()} Dead: in some layer every unit is zero, or passes no gradient, on every example. "
        "σw is the std of the weights times √fan-in. Dead units: those whose derivative is zero on every example of "
        "the batch, so that no gradient passes."
    )


def _depth_figures(configurations: Configurations, cursor: int, baseline: str) -> None:
    for pair in (FIGURES[:2], FIGURES[2:]):
        for column, (metric, question, comparable) in zip(st.columns(2), pair, strict=True):
            against = baseline if comparable else NOTHING
            with column:
                _depth_figure(configurations, cursor, metric, question, against).show(metric.replace("_", "-"))
    st.caption(
        "Lines: mean over seeds; band: their range. Grey dashes: mean-field theory for infinite width; around it, "
        "where 95 % of single networks of this width should lie. A cross in the colour of its line, edged in red: "
        "from this layer on, seeds overflowed."
    )


def _ratios(configurations: Configurations, signal: pd.DataFrame, baseline: str) -> Question:
    """Return the question for the ratios to the baseline, in pairs of seeds."""
    first = signal[signal["configuration"] == baseline].iloc[0]
    against = {f"baseline_{axis}": first[axis] for axis in CONFIGURATION}
    return Question("signal_ratios", configurations.shape | against)


@data.cached
def _depth_figure(configurations: Configurations, cursor: int, metric: str, title: str, baseline: str) -> Figure:
    """Return one statistic against the layer."""
    found, source = shown(configurations), configurations.signal
    signal, label = found.signal, data.labels()[metric]
    inits, variants = (list(dict.fromkeys(signal[key])) for key in ("init", "variant"))
    frame = layer_statistics.against_layer(signal, metric)
    if baseline != NOTHING:
        source, keys = _ratios(configurations, signal, baseline), [*CONFIGURATION, "layer"]
        # A row of ratios for each row of the signal, in its order.
        ratios = signal[keys].merge(source.frame(), how="left", on=keys, validate="1:1").set_axis(signal.index)
        frame = layer_statistics.relative(frame, ratios, metric, baseline)
        label = f"{label} ÷ {baseline}, seed by seed"
    share = metric.startswith("frac_")
    chart = lines(
        frame,
        Axis("layer", "Layer", whole=True),
        Axis("mean", label, not share and (metric == "grad_rms" or spans_decades(frame["mean"])), share=share),
        axes.coloured("init", "Initialization", inits),
        dash=Axis("variant", "Variant", values=variants),
        cursor=cursor,
    )
    return Figure(title, chart, source, f"{label} against layer for {', '.join(found.names)}.")


main()
