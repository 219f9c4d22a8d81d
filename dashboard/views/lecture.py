"""The home page: the lecture with live data instead of slides."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from goldilocks.dashboard import commands, data, selectors, verdicts, viewport
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.group import Group
from goldilocks.dashboard.charts.ridges import ridges
from goldilocks.dashboard.distributions import on_common_bins
from goldilocks.dashboard.figure import Figure, draw
from goldilocks.dashboard.lecture import training_answers
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.lecture.networks import lecture_network, verdict_on
from goldilocks.dashboard.lecture.row import Finding, Prediction, Row
from goldilocks.dashboard.lecture.setting import COMPARED, NO_NORM, RELU, TANH, XAVIER
from goldilocks.dashboard.members import members
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim
from goldilocks.store import queries

PREFIX = "lecture"
ACTIVATIONS = (TANH, RELU)
MOST_LAYERS = 6
MOST_ROWS = 200
ROWS = {row.number: row for rows in CHAPTERS.values() for row in rows}


@dataclass(frozen=True)
class _Card:
    """An initialization of the opening: its ridges, its verdict, and what its std means at the width, σw."""

    chart: Chart
    verdict: pd.Series | None
    weight_scale: float


def main() -> None:
    """Draw the page."""
    st.title("Will a signal survive this network, and will it train?")
    st.markdown(
        "Weight initialization and batch normalization, after lecture 7 of CS231n, with live data instead of slides."
    )
    _opening()
    st.divider()
    chapter = selectors.switch("Chapter", list(CHAPTERS), f"{PREFIX}_chapter", next(iter(CHAPTERS)), show=_numbered)
    reveal = st.toggle("Show all answers", key=f"{PREFIX}_answers", bind="query-params")
    for row in CHAPTERS[chapter]:
        _row(row, reveal)


def _numbered(chapter: str) -> str:
    rows = CHAPTERS[chapter]
    numbers = f"L{rows[0].number}" if len(rows) == 1 else f"L{rows[0].number}–L{rows[-1].number}"
    return f"{numbers} {chapter}"


def _opening() -> None:
    """Draw 0.01 against 0.05 against Xavier against Kaiming."""
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
                    _card(name, cards[init], text)
    st.caption(
        f"One batch of {shape['batch_size']} through {shape['depth']} untrained {verbatim(activation)} layers of "
        f"{shape['width']}: the distribution of the activations, the first layer on top, all on one axis. "
        "σw is the std of the weights times √fan-in: a fixed std means something only with the width. "
        + verdicts.limits()
    )


def _card(name: str, card: _Card, text: str) -> None:
    st.markdown(f"**{verbatim(name)}**")
    found = card.verdict
    if found is not None:
        verdicts.badge(found["verdict"])
    draw(card.chart, f"ridges-{name}", text)
    lines = [f"σw = {numeral(card.weight_scale)}"]
    if found is not None:
        lines += [f"signal {verdicts.growth(found, 'forward')}", f"gradient {verdicts.growth(found, 'backward')}"]
    st.caption("  \n".join(map(verbatim, lines)))


@data.cached
def _cards(shape: dict[str, Any], activation: str, question: Question) -> dict[str, _Card]:
    """Return the card of each initialization of the opening that the store has, in their order."""
    bins = dict(iter(on_common_bins(question.frame(), ["init", "layer"]).groupby("init")))
    compared = {name: value for name, value in question.values.items() if name not in ("tap", "layers")}
    # The first layer may have another fan-in: the inputs'.
    scales = data.query("signal_by_layer", **compared).groupby("init")["sigma_w"].last()
    return {
        init: _Card(ridges(bins[init], members().paint.colour(init)), verdict_on(shape, init, activation), scales[init])
        for init in COMPARED
        if init in bins
    }


def _row(row: Row, reveal: bool) -> None:
    with st.container(border=True, key=f"row-{row.number}"):
        # Filled once it is known whether there is a guess: title and claim would give the answer away.
        head = st.container()
        prediction = None if reveal else row.prediction
        guess = None if prediction is None else _guess(row.number, prediction)
        if prediction is not None and guess is None:
            head.markdown(f"### L{row.number}")
            st.caption("Choose an answer to see the data.")
            return
        head.markdown(f"### L{row.number}. {row.title}")
        head.markdown(f"*The lecture:* {row.claim}")
        finding = _finding(row.number)
        if finding is None:
            st.info(f"No results on this row yet. {commands.remedy('run demo', 'to compute them')}")
        else:
            if guess is not None and finding.answer:
                _compare(guess, finding.answer)
            room = viewport.width() - viewport.CARD
            finding.figure.show(f"L{row.number}", room)
            for place, figure in enumerate(finding.beside):
                figure.show(f"L{row.number}-{place}", room)
            if finding.verdict:
                st.markdown(f":material/straighten: *Measured:* {finding.verdict}")
        _answer_table(row.number)
        st.markdown(f":material/visibility: *Notice:* {row.notice}")
        further = dict(row.query) or None
        st.page_link(row.page, label="Look closer", query_params=further, icon=":material/arrow_forward:")


@data.cached
def _finding(number: int) -> Finding | None:
    """Return what the store says about a row."""
    return ROWS[number].ask()


def _guess(number: int, prediction: Prediction) -> str | None:
    key = f"{PREFIX}_guess_{number}"
    return st.pills(prediction.question, prediction.options, key=key, bind="query-params")


def _compare(guess: str, answer: str) -> None:
    if guess == answer:
        st.success(f"You said *{verbatim(guess)}*, and so do the data.", icon=":material/check:")
    else:
        st.warning(f"You said *{verbatim(guess)}*; the data say *{verbatim(answer)}*.", icon=":material/lightbulb:")


def _answer_table(number: int) -> None:
    """Show the answer of the row's named queries, where the store has them."""
    names = [name for name in queries.all() if name.startswith(f"lecture_{number:02d}_")]
    for name in names:
        query = queries.get(name)
        if any(parameter.default is queries.REQUIRED for parameter in query.parameters):
            continue
        values = training_answers.network() if training_answers.pins(query) else {}
        question = Question(name, values)
        answer = question.frame()
        if answer.empty:
            continue
        with st.expander(f"The numbers: {query.title}", icon=":material/table:"):
            st.caption(query.doc)
            constant = [column for column in answer if answer[column].map(str).nunique() == 1 and len(answer) > 1]
            order = [column for column in answer if column not in constant]
            st.dataframe(
                answer.head(MOST_ROWS), hide_index=True, column_order=order, key=f"table-{name}", alt=query.title
            )
            st.code(question.sql, language="sql")


main()
