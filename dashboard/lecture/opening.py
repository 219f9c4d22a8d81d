"""The lecture's opening: one signal under 0.01, 0.05, Xavier and Kaiming, side by side."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from goldilocks.dashboard import commands, data, selectors, verdicts
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.group import Group
from goldilocks.dashboard.charts.ridges import ridges
from goldilocks.dashboard.distributions import on_common_bins
from goldilocks.dashboard.figure import Figure, draw
from goldilocks.dashboard.lecture.asking import PREFIX
from goldilocks.dashboard.lecture.networks import lecture_network, verdict_on
from goldilocks.dashboard.lecture.setting import COMPARED, NO_NORM, RELU, TANH, XAVIER
from goldilocks.dashboard.members import members
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

ACTIVATIONS = (TANH, RELU)
MOST_LAYERS = 6


@dataclass(frozen=True)
class _Card:
    """An initialization of the opening: its ridges, its verdict, and what its std means at the width, σw."""

    chart: Chart
    verdict: pd.Series | None
    weight_scale: float


def show(told: bool) -> None:
    """Draw 0.01 against 0.05 against Xavier against Kaiming.

    Args:
        told: whether it is said by what signal and gradient change, which rows further below ask.
    """
    st.markdown("## 0.01 vs 0.05 vs Xavier vs Kaiming")
    activation = selectors.switch("Activation", ACTIVATIONS, f"{PREFIX}_activation", TANH)
    shape = lecture_network(XAVIER, activation)
    if shape is None:
        st.info(f"This store lacks the lecture's own experiment. {commands.remedy('run lecture', 'to compute it')}")
        return
    layers = list(range(1, min(shape["depth"], MOST_LAYERS) + 1))
    compared = {**shape, "inits": list(COMPARED), "activations": [activation], "norms": [NO_NORM]}
    question = Question("layer_distributions", compared | {"tap": "act", "layers": layers})
    cards = _cards(shape, activation, question)
    charts = {COMPARED[init]: card.chart for init, card in cards.items()}
    title = f"What becomes of a signal in {shape['depth']} {activation} layers of {shape['width']}?"
    with Figure(title, Group(charts, len(charts)), question, "").around("opening"):
        for column, (init, name) in zip(st.columns(len(COMPARED)), COMPARED.items(), strict=True):
            if init in cards:
                text = f"Distribution of activations in {len(layers)} layers for {init} and {activation}."
                with column, st.container(border=True, key=f"opening-{name}"):
                    _card(name, cards[init], text, told)
    st.caption(
        f"One batch of {shape['batch_size']} through {shape['depth']} untrained {verbatim(activation)} layers of "
        f"{shape['width']}: the distribution of the activations, the first layer on top, the layers of a card on "
        "one axis; what is zero is cut off at the height of the rest. "
        "σw is the std of the weights times √fan-in: a fixed std means something only with the width. "
        + verdicts.limits()
    )


def _card(name: str, card: _Card, text: str, told: bool) -> None:
    st.markdown(f"**{verbatim(name)}**")
    found = card.verdict
    if found is not None:
        verdicts.badge(found["verdict"])
    draw(card.chart, f"ridges-{name}", text)
    lines = [f"σw = {numeral(card.weight_scale)}"]
    if found is not None and told:
        lines += [f"signal {verdicts.growth(found, 'forward')}", f"gradient {verdicts.growth(found, 'backward')}"]
    st.caption("  \n".join(map(verbatim, lines)))


@data.cached
def _cards(shape: dict[str, Any], activation: str, question: Question) -> dict[str, _Card]:
    """Return the card of each initialization of the opening that the store has, in their order."""
    # On an axis with what explodes, all that collapses would be the same spike from the first layer on.
    bins = {init: on_common_bins(rows, ["init", "layer"]) for init, rows in question.frame().groupby("init")}
    compared = {name: value for name, value in question.values.items() if name not in ("tap", "layers")}
    # The first layer may have another fan-in: the inputs'.
    scales = data.query("signal_by_layer", **compared).groupby("init")["sigma_w"].last()
    return {
        init: _Card(ridges(bins[init], members().paint.colour(init)), verdict_on(shape, init, activation), scales[init])
        for init in COMPARED
        if init in bins
    }
