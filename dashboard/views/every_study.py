"""Whatever any study measured: a page for studies that have no page of their own."""

from dataclasses import replace
from typing import Any

import streamlit as st

from goldilocks.dashboard import axes, cell_filters, commands, data, quantities, selectors
from goldilocks.dashboard.interval import BANDS
from goldilocks.dashboard.lecture.setting import COMPARED
from goldilocks.dashboard.quantities import QuantityPlot
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "study"
CHOOSE = "automatic"
# The first choice has so many values of an axis of names.
FEW = 6


def main() -> None:
    """Draw the page."""
    st.title("Every study")
    st.markdown(
        "Any quantity that any study measured, against anything it depends on. New studies appear automatically."
    )
    studies = [name for name in data.query("measured_studies")["study"] if quantities.measured(name)]
    if not studies:
        st.info(
            "The studies in this store measured layers and curves only, which have pages of their own: "
            f"*Activation statistics* and *Convergence*. {commands.remedy('run demo', 'to compute the other studies')}"
        )
        return
    left, right = st.columns([1, 2])
    telling = data.query("telling_quantities")
    with left:
        study = selectors.one("Study", studies, f"{PREFIX}_name")
    names = quantities.measured(study)
    first = (
        telling.loc[telling["study"] == study, "quantity"].head(1).item() if study in set(telling["study"]) else None
    )
    with right:
        show = lambda name: _label(study, name)
        quantity = selectors.one("Quantity", names, f"{PREFIX}_quantity_{study}", first, show=show)
    _explain(study)
    cells = cell_filters.cells(study, f"{PREFIX}_{study}", _first(study), main=[])
    if cells is None:
        return
    parts = quantities.parts(study, quantity)
    chosen_parts = []
    if len(parts) > 1:
        first = parts[:8]
        chosen_parts = selectors.several("Parts", parts, f"{PREFIX}_parts_{study}_{quantity}", first)
        if not chosen_parts:
            st.info("Nothing is selected under: Parts. Choose at least one.")
            return
    plot = QuantityPlot(study, quantity, cells=cells, parts=chosen_parts)
    found = quantities.rows(plot)
    if found.empty:
        st.info("This store has no results for this combination. Choose other values above.")
        return
    offered = [CHOOSE, *quantities.candidates(found)]
    x, colour, panels, band = _choose_view(offered)
    quantities.show(replace(plot, x=x, colour=colour, panels=panels, band=band), key="quantity")


def _explain(study: str) -> None:
    """Say what a study is called by people, and what it measures."""
    cards = data.query("scheme_cards", kind="study")
    for card in cards[cards["name"] == study].itertuples(index=False):
        st.caption(f"*{verbatim(card.title)}*: {verbatim(card.formula or '')}")


def _first(study: str) -> dict[str, list[Any]]:
    """Return, as a first choice, so few values of each axis that its lines have colours of their own."""
    offered = cell_filters.options(study)
    return {
        axis: [*lecture, *(value for value in values if value not in lecture)][:FEW]
        for axis, values in offered.items()
        if len(values) > FEW and axis not in axes.NUMBERS
        for lecture in [[value for value in COMPARED if value in values]]
    }


def _label(study: str, name: str) -> str:
    return quantities.title_of(quantities.card(study=study, quantity=name), name)


def _choose_view(offered: list[str]) -> tuple[str | None, str | None, str | None, str]:
    titles = {"part": "Part", **{axis: axes.title(axis) for axis in offered}, CHOOSE: "automatic"}
    chosen = []
    columns = st.columns(4)
    for column, (label, key) in zip(
        columns, (("Against", "x"), ("Colour", "colour"), ("Panels", "panels")), strict=False
    ):
        with column:
            value = selectors.one(label, offered, f"{PREFIX}_{key}", CHOOSE, show=titles.__getitem__)
            chosen.append(value if value != CHOOSE or key == "panels" else None)
    with columns[3]:
        band = selectors.one("Band", list(BANDS), f"{PREFIX}_band", "range", show=BANDS.__getitem__)
    return chosen[0], chosen[1], chosen[2], band


main()
