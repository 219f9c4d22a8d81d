"""L17: what a network that was trained on one task brings to another."""

import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes, cell_filters, data, quantities, selectors, snippet
from goldilocks.dashboard.charts.images import images
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.interval import BANDS
from goldilocks.dashboard.lecture.stated_claims import claims_by_target
from goldilocks.dashboard.members import members
from goldilocks.dashboard.quantities import QuantityPlot
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "transfer"
STUDY, SOURCE, PRETRAINED = "transfer", "transfer_source", "backbone_transfer"


def main() -> None:
    """Draw the page."""
    st.title("Transfer")
    st.markdown(
        "A network learns a big task, then meets a small one. Which layers should it keep, and how many examples of "
        "the new task does it take until starting anew is as good?"
    )
    offered, pretrained = cell_filters.options(STUDY), cell_filters.options(PRETRAINED)
    if not offered and not pretrained:
        quantities.absent(STUDY)
        return
    chosen = cell_filters.cells(STUDY, PREFIX, {}, main=("dataset",)) if offered else None
    if offered and chosen is None:
        return
    band = selectors.one("Band", list(BANDS), f"{PREFIX}_band", "interval", show=BANDS.__getitem__)
    if chosen is not None:
        _accuracy(STUDY, "transfer_accuracy", "How many examples does it take?", chosen, band, offered)
        _closer(chosen, band)
        _filters()
    if pretrained:
        _pretrained(pretrained, band)


def _accuracy(
    study: str,
    quantity: str,
    title: str,
    chosen: cell_filters.Chosen,
    band: str,
    offered: cell_filters.Chosen,
) -> None:
    """Draw accuracy by number of images and scheme, and say what the schemes are."""
    known = members()
    meanings = {known.part(name): known.label("part", name) for name in offered.get("scheme", ())}
    schemes = ", ".join(f"*{verbatim(name)}*: {verbatim(meaning)}" for name, meaning in meanings.items())
    plot = QuantityPlot(
        study, quantity, title, "position", "part", "dataset", chosen, band=band, part="Scheme", fitted=True
    )
    quantities.show(plot, quantity.replace("_", "-"))
    st.caption(f"{schemes}. Each panel is one target set.")


def _pretrained(offered: cell_filters.Chosen, band: str) -> None:
    """Draw what pretrained weights from elsewhere bring, and say what became of the lecture's advice."""
    st.header("From pretrained weights")
    networks = ", ".join(verbatim(_network(name)) for name in offered["network"])
    st.markdown(
        "The lecture's advice is for networks that were trained on ImageNet: with few images train a new last layer "
        f"only, with more train more of the network. Here the weights are those of {networks}."
    )
    title = "How many examples does it take from pretrained weights?"
    _accuracy(PRETRAINED, "backbone_accuracy", title, offered, band, offered)
    st.caption(f"Updates that were made: {_updates()}. The more images, the fewer times each of them is seen.")
    for sentence in claims_by_target("lecture_17_pretrained", "from pretrained weights"):
        st.markdown(str(sentence))


def _network(name: str) -> str:
    """Return what a backbone's function is called, or the name as it is where none is in it."""
    return str(snippet.parts(name)[1].get("factory", name)).rpartition(":")[2]


def _updates() -> str:
    """Return how many updates each scheme was trained for."""
    rows = data.query("quantity_over_seeds", study=PRETRAINED, quantity="backbone_accuracy")
    known = members()
    return ", ".join(
        f"*{verbatim(known.part(scheme))}* {' or '.join(f'{steps:,}' for steps in sorted(own['steps'].unique()))}"
        for scheme, own in rows.groupby("part")
    )


def _closer(chosen: cell_filters.Chosen, band: str) -> None:
    """Draw curves and shifts of the layers for one target-set size."""
    parts = quantities.parts(STUDY, "layer_shift")
    sizes = axes.ordered("size", {part.partition(", ")[2] for part in parts} - {""})
    if not sizes:
        return
    size = selectors.one("Target set", sorted(sizes, key=_number), f"{PREFIX}_size")
    ending = f", {size}"
    wanted = tuple(part for part in parts if part.endswith(ending))
    for quantity, title in (("transfer_curve", "How does it learn?"), ("layer_shift", "How far do the layers move?")):
        plot = QuantityPlot(
            STUDY, quantity, title, "position", "part", "dataset", chosen, wanted, band, "Scheme", ending, fitted=True
        )
        quantities.show(plot, quantity.replace("_", "-"))


def _number(text: str) -> int:
    return int("".join(filter(str.isdigit, text)) or 0)


def _filters() -> None:
    """Show the first-layer filters of a source network."""
    name = next((name for name in quantities.measured(SOURCE) if "filter" in name), None)
    if name is None:
        return
    question = Question("first_seed_quantity", {"study": SOURCE, "quantity": name})
    pixels = _pixels(question.frame())
    if pixels.empty:
        return
    title = f"What do {pixels['image'].nunique()} filters of the first layer of a source network look like?"
    text = "Each square is one filter; dark is negative, light positive."
    note = "Each filter has a grey scale of its own: zero is grey, its largest weight is black or white."
    Figure(title, images(pixels), question, text, note).show("filters")


def _pixels(weights: pd.DataFrame) -> pd.DataFrame:
    """Return one row per weight with its place in the filter; the side is the root of the number of weights."""
    rows = []
    for image, (_, part) in enumerate(weights.groupby("part", sort=False)):
        side = round(len(part) ** 0.5)
        if side * side != len(part):
            continue
        for place, value in enumerate(part.sort_values("position")["value"]):
            rows.append({"image": image, "row": place // side, "column": place % side, "value": value})
    return pd.DataFrame(rows, columns=["image", "row", "column", "value"])


main()
