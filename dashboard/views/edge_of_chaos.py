"""Order, chaos and the edge between them: the plane of weight and bias variance, and how deep a signal reaches."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes, cell_filters, commands, data, phase_plane, quantities, selectors
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.plane import plane
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.interval import BANDS
from goldilocks.dashboard.lecture.setting import NO_NORM, TANH
from goldilocks.dashboard.members import members
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.quantities import QuantityPlot
from goldilocks.dashboard.question import Question

PREFIX = "edge"
STUDY = "mean_field"
COLOURS = ("chi", "depth_c", "depth_q", "q_star", "alpha", "c_star")
# Columns of the named query that have a measured counterpart, and what each answers.
COMPARED = {
    "chi": "Does a gradient grow or shrink?",
    "q_star": "Where does the variance settle?",
    "depth_c": "How deep do differences reach?",
    "c_star": "How alike do all inputs become?",
}
# What a tile without colour means.
WITHOUT = "grey where there is no c*: the variance dies out or grows without end, or every correlation is kept"
GREY = dict.fromkeys(COLOURS, "grey where the value is infinite") | {
    "depth_c": f"{WITHOUT}; or where ξ_c is infinite",
    "c_star": WITHOUT,
}
# Points with several fates that are named one by one.
NAMED = 6
# Initializations further out than this share of the plane's width are left off it.
REACH = 1.05


@dataclass(frozen=True)
class View:
    """What the page shows.

    Attributes:
        activation: of the networks.
        norm: their normalization.
        colour: the quantity that colours the plane.
    """

    activation: str
    norm: str
    colour: str

    @property
    def points(self) -> Question:
        """All points of the plane, whatever the normalization: fixed points and depth scales."""
        return Question("order_and_chaos", {"activation": self.activation})

    @property
    def scales(self) -> Question:
        """How large the weights of each initialization are."""
        return Question("weight_scales", {"activation": self.activation})

    @property
    def named(self) -> str:
        """What its networks are called."""
        behind = "" if self.norm == NO_NORM else f" behind {axes.text('norm', self.norm)}"
        return f"{self.activation}{behind}"

    def theory(self) -> pd.DataFrame:
        """Return the points of its normalization."""
        points = self.points.frame()
        return points[points["norm"] == self.norm]

    def simulated(self) -> pd.DataFrame:
        """Return those at which networks were simulated."""
        points = axes.spread(self.theory())
        return points[points["chi_measured"].notna()]


@dataclass(frozen=True)
class Comparison:
    """Networks that are set against theory.

    Attributes:
        view: where they come from.
        network: the value on each axis on which the simulated networks differ.
    """

    view: View
    network: dict[str, Any]

    def simulated(self) -> pd.DataFrame:
        """Return the points at which these networks were simulated."""
        found = self.view.simulated()
        for axis, value in self.network.items():
            found = found[found[axis] == value]
        return found


def main() -> None:
    """Draw the page."""
    st.title("Edge of chaos")
    st.markdown(
        "Left of the edge a deep network forgets its input and its gradient vanishes; right of it nearby inputs part "
        "and the gradient explodes. Trainable networks sit near it."
    )
    offered = cell_filters.options(STUDY)
    if not offered:
        quantities.absent(STUDY)
        return
    view = _choose_view(offered)
    drawn = _plane(view)
    if drawn is None:
        st.info(f"This store has no finite points of this plane. {commands.remedy('run demo', 'to compute some')}")
    else:
        drawn.show("plane")
    _depths(view)
    _layers(view, offered)


def _choose_view(offered: cell_filters.Chosen) -> View:
    left, middle, right = st.columns(3)
    with left:
        activation = selectors.one("Activation", offered["activation"], f"{PREFIX}_activation", TANH)
    with middle:
        norm = selectors.one("Normalization", offered["norm"], f"{PREFIX}_norm", NO_NORM)
    with right:
        colour = selectors.one("Colour", COLOURS, f"{PREFIX}_colour", show=_title)
    return View(activation, norm, colour)


def _title(quantity: str) -> str:
    return quantities.title_of(quantities.card(study=STUDY, quantity=quantity), quantity)


@data.cached
def _plane(view: View) -> Figure | None:
    """Return the plane of an activation behind a normalization, or None where no point of it is finite."""
    points = view.theory()
    # The initialization that is a point of the plane has the name of the study.
    grid = phase_plane.on_grid(points, STUDY)
    # Theory is the same for all networks.
    grid = phase_plane.placed(grid).drop_duplicates(["weight_variance", "bias_variance"])
    if grid.empty:
        return None
    tiles = phase_plane.tiles(grid).assign(value=grid[view.colour].astype(float))
    scales = view.scales.frame()
    found = phase_plane.initializations(scales)
    within = found["weight"] <= tiles["weight_high"].max() * REACH
    shown = found[within].reset_index(drop=True)
    title, edge = _title(view.colour), phase_plane.edge(grid)
    if view.norm == NO_NORM:
        edge = phase_plane.exact(edge, Question("edge_of_chaos", {"activation": view.activation}).frame())
    chart = plane(tiles, shown, edge, title, rate=view.colour == "chi", paint=members().paint)
    text = f"{title} over weight and bias variance for {view.named}, with {len(shown)} initializations on it."
    note = (
        f"Colour: mean-field theory; {GREY[view.colour]}. The line is the edge, χ₁ = 1.{_fates(grid)} "
        "Dots: initializations by the variance of their weights, without biases; those of one variance share a dot. "
        f"{phase_plane.widest(scales)}{_beyond(found[~within])}"
    )
    return Figure(f"Where does {view.named} sit between order and chaos?", chart, view.points, text, note)


def _beyond(named: pd.DataFrame) -> str:
    """Return a sentence on the initializations that lie right of the plane, if any."""
    places = [f"{row.init} at σw² = {numeral(row.weight)}" for row in named.itertuples()]
    return f" Beyond the right edge: {'; '.join(places)}." if places else ""


def _fates(grid: pd.DataFrame) -> str:
    """Return a sentence on the points whose length map has several fates, if any."""
    several = phase_plane.with_several_fates(grid)
    if several.empty:
        return ""
    places = [
        f"({numeral(row.weight_variance)}, {numeral(row.bias_variance)}): {numeral(row.q_star)} of "
        + " or ".join(numeral(fate) for fate in row.fates)
        for row in several.head(NAMED).itertuples()
    ]
    more = f"; {len(several) - NAMED} more are in the data" if len(several) > NAMED else ""
    return (
        " At some points (σw², σb²) the variance has several fates, and its start decides; shown is that from N(0,1) "
        f"inputs. q* there is {'; '.join(places)}{more}."
    )


def _choose_network(view: View) -> Comparison:
    """Let the reader choose one kind of network where several were simulated."""
    simulated = view.simulated()
    differing = axes.varying(simulated, [*axes.NAMES, *axes.own(simulated)])
    chosen: dict[str, Any] = {}
    for axis in differing:
        values = axes.ordered(axis, (cell_filters.plain(value) for value in simulated[axis]))
        if len(values) > 1:
            chosen[axis] = selectors.one(axes.title(axis), values, f"{PREFIX}_{axis}")
            simulated = simulated[simulated[axis] == chosen[axis]]
    return Comparison(view, chosen)


def _depths(view: View) -> None:
    """Draw what was measured against what theory says, along the weight variance."""
    if view.simulated().empty:
        st.info("No such networks were simulated; only theory is shown.")
        return
    st.markdown("### Measured against theory")
    comparison = _choose_network(view)
    names = list(COMPARED)
    for pair in (names[:2], names[2:]):
        for column, quantity in zip(st.columns(2), pair, strict=True):
            with column:
                _compared(comparison, quantity).show(f"compare-{quantity}")
    st.caption(
        "Dots and lines: simulated networks, mean over seeds. Grey dashes: theory. On the edge ξ_c is infinite. "
        "A cross in the colour of its line, edged in red: from this weight variance to the next dot nothing finite was "
        "measured. For ξ_c this means that no decay could be fitted: the correlations come to their limit within too "
        "few layers, or do not near it; in chaos also that fewer than three seeds were measured. Its mean is "
        "geometric; band: 95 % interval of the mean."
    )


@data.cached
def _compared(comparison: Comparison, quantity: str) -> Figure:
    """Return one quantity, measured and in theory."""
    simulated = comparison.simulated()
    columns: dict[str, Any] = {"mean": simulated[f"{quantity}_measured"], "theory": simulated[quantity]}
    if f"{quantity}_low" in simulated:
        columns |= {end: simulated[f"{quantity}_{end}"].fillna(columns["mean"]) for end in ("low", "high")}
    frame = simulated[["weight_variance", "bias_variance", "seeds"]].assign(**columns)
    # What exists neither in theory nor in a network was not lost.
    frame = frame[frame["mean"].notna() | frame["theory"].notna()].copy()
    # The query averages what is finite: where it found nothing, every seed is lost.
    frame["lost"] = np.where(np.isfinite(frame["mean"].astype(float)), 0, frame["seeds"])
    frame["configuration"] = [f"σb² = {bias:g}" for bias in frame["bias_variance"]]
    frame = frame.sort_values(["configuration", "weight_variance"], kind="stable")
    names = list(dict.fromkeys(frame["configuration"]))
    chart = lines(
        frame,
        Axis("weight_variance", "Weight variance σw²"),
        Axis("mean", _title(quantity), logarithmic=quantity == "depth_c"),
        axes.coloured("configuration", "Bias variance", names),
        band=BANDS["interval"] if "low" in frame else "",
    )
    text = f"{_title(quantity)} against weight variance, measured and in theory."
    return Figure(COMPARED[quantity], chart, comparison.view.points, text)


def _layers(view: View, offered: cell_filters.Chosen) -> None:
    cells = offered | {"activation": [view.activation], "norm": [view.norm]}
    parts = tuple(part for part in quantities.parts(STUDY, "correlation") if "unlike" in part)
    if parts:
        title = "Do different inputs stay different?"
        plot = QuantityPlot(STUDY, "correlation", title, "position", "init", cells=cells, parts=parts)
        quantities.show(plot, "correlation")


main()
