"""Hands on: one network in the plane of σw and σb, followed from layer to layer while a slider moves."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from goldilocks.dashboard import axes, commands, data, phase_plane, quantities, selectors
from goldilocks.dashboard.charts.group import Group
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.hands_on import component
from goldilocks.dashboard.hands_on.component import Point
from goldilocks.dashboard.lecture.setting import NO_NORM, TANH
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim
from goldilocks.dashboard.written import family

PREFIX = "live"
STUDY = "mean_field"
LABELS = {"sigma_w": "σw", "sigma_b": "σb", "depth": "Depth", "width": "Width"}
# What the scripts call it, by what a normalization normalizes over.
KINDS = {"nothing": "none", "units": "units", "batch": "batch"}
# Where a normalization adds nothing, this keeps zero from being divided by zero.
EPS = 1e-300
# What is drawn over the layers: the quantity of the store whose card names it, and columns of the theory.
DRAWN = {
    "q": ("length", ("q",)),
    "std": ("std", ("std",)),
    "gradient": ("grad_rms", ("gradient",)),
    "correlation": ("correlation", ("unlike", "alike")),
}
# What theory says of a quantity only in relation to another value of it.
RELATIVE = {"gradient": " ÷ that at the last layer"}
# What the curves of one picture are called.
CURVES = {"unlike": "inputs independent", "alike": "inputs nearly alike"}
MEASURED = ("study", "sigma_w", "sigma_b", "width", "depth", "q", "std", "gradient", "unlike", "alike")


@dataclass(frozen=True)
class View:
    """Which networks the plane is of.

    Attributes:
        activation: their activation.
        norm: their normalization.
    """

    activation: str
    norm: str

    @property
    def maps(self) -> Question:
        """The tabulated maps of the activation."""
        return Question("activation_maps", {"activation": self.activation})

    def theory(self, point: Point) -> Question:
        """Return what theory says of one network, layer by layer."""
        norm = _norms()[self.norm]
        what = {"normalizes": norm["normalizes"], "eps": norm["eps"] or EPS}
        place = {"sigma_w": point.sigma_w, "sigma_b": point.sigma_b, "depth": point.depth}
        return Question("mean_field_layers", {"activation": self.activation, **what, **place})

    @property
    def scales(self) -> Question:
        """Where initializations lie."""
        return Question("weight_scales", {"activation": self.activation})

    @property
    def measured(self) -> Question:
        """What was measured, by place in the plane."""
        return Question("measured_in_plane", {"activation": self.activation, "norm": self.norm})


def main() -> None:
    """Draw the page."""
    st.title("Hands on")
    st.markdown(
        "Move a slider, or drag the point: what a signal and its gradient become from layer to layer follows at once. "
        "Lines are theory for infinitely wide networks, circles what was measured near the point."
    )
    offered = Question("activation_maps").columns(["activation"])["activation"].tolist()
    if not offered:
        st.info(f"This store has no tables of the theory yet. {commands.remedy('run demo', 'to write them')}")
        return
    left, right = st.columns(2)
    with left:
        activation = selectors.one("Activation", axes.ordered("activation", offered), f"{PREFIX}_activation", TANH)
    with right:
        norms = axes.ordered("norm", list(_norms()))
        norm = selectors.one("Normalization", norms, f"{PREFIX}_norm", NO_NORM, lambda name: axes.text("norm", name))
    view = View(activation, norm)
    point = component.chosen(_key, LABELS)
    with _figure(view, point).around(PREFIX):
        component.show(point, _key, _sent(view))
    st.caption(verbatim(phase_plane.widest(view.scales.frame())))


def _key(name: str) -> str:
    """Return the name in the address of a part of a point."""
    return f"{PREFIX}_{name}"


@data.cached
def _figure(view: View, point: Point) -> Figure:
    """Return what the menu above the live part offers: theory at the point, as it was when a slider was let go."""
    question = view.theory(point)
    frame = question.frame()
    charts = {}
    for drawn, (_, columns) in DRAWN.items():
        shown = [name for name in columns if frame[name].notna().any()]
        if not shown:
            continue
        rows = frame.melt(["layer"], shown, "configuration", "mean").assign(seeds=1, lost=0)
        named = rows.assign(configuration=rows["configuration"].map(lambda name: CURVES.get(name, name)))
        names = list(dict.fromkeys(named["configuration"]))
        title = _titles()[drawn]
        y = Axis("mean", title, logarithmic="unlike" not in columns)
        colour = axes.coloured("configuration", "", names)
        charts[title] = lines(named, Axis("layer", "Layer", whole=True), y, colour, points=False)
    behind = "" if view.norm == NO_NORM else f" behind {axes.text('norm', view.norm)}"
    title = f"What becomes of a signal in {point.depth} layers of {view.activation}{behind}?"
    note = f"Mean-field theory at σw = {point.sigma_w:g}, σb = {point.sigma_b:g}, for infinitely wide layers."
    return Figure(title, Group(charts, 2), question, "", note)


@data.cached
def _titles() -> dict[str, str]:
    """Return what is drawn over the layers as the cards of the store call it."""
    titles = {drawn: quantities.title_of(quantities.card(STUDY, name), name) for drawn, (name, _) in DRAWN.items()}
    return {drawn: title + RELATIVE.get(drawn, "") for drawn, title in titles.items()}


@data.cached
def _norms() -> dict[str, dict[str, Any]]:
    """Return the normalizations that theory knows, as the scripts see them, by name."""
    cards = data.query("scheme_cards", kind="normalization")
    known = cards[cards["normalizes"].notna()]
    return {
        row.name: {"kind": KINDS[str(row.normalizes)], "normalizes": str(row.normalizes), "eps": float(row.eps)}
        for row in known.itertuples(index=False)
    }


@data.cached
def _sent(view: View) -> dict[str, Any]:
    """Return what the scripts need to know of the networks of a plane."""
    maps = view.maps.frame()
    found = component.lists(maps, [name for name in maps.columns if name != "activation"])[0]
    places = phase_plane.initializations(view.scales.frame())
    measured = view.measured.frame()
    return {
        "key": f"{data.version()} {view}",
        "maps": found,
        "norm": _norms()[view.norm],
        "limits": data.thresholds(),
        "titles": _titles(),
        "places": [{"names": row.init, "sigma_w": row.weight**0.5} for row in places.itertuples(index=False)],
        "measured": [
            row | {"label": _label(one)}
            for row, (_, one) in zip(component.lists(measured, MEASURED), measured.iterrows(), strict=True)
        ],
    }


def _label(row: Any) -> str:
    kind = "correlated inputs" if row["study"] == STUDY else "propagation"
    who = "" if family(row["init"]) == "mean_field" else f"{row['init']}, "
    seeds = f"{row['seeds']} seed" + ("s" if row["seeds"] != 1 else "")
    return (
        f"Measured ({kind}): {who}σw = {row['sigma_w']:.3g}, σb = {row['sigma_b']:.3g}, width {row['width']}, "
        f"depth {row['depth']}, mean of {seeds}"
    )


main()
