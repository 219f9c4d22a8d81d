"""L1: what centring, scaling, PCA and whitening do to a loss."""

import streamlit as st

from goldilocks.dashboard import axes, cell_filters, data, quantities, selectors
from goldilocks.dashboard.charts.points import cloud
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.quantities import QuantityPlot
from goldilocks.dashboard.question import Question

PREFIX = "prep"
STUDY = "preprocessing"
# How the mean over random directions and its range are stored.
MEAN, LOW, HIGH = "mean", "low", "high"


def main() -> None:
    """Draw the page."""
    st.title("Preprocessing")
    st.markdown(
        "Before normalization the loss is very sensitive to small changes of W; after it less so. "
        "The classifier is linear, so nothing but the inputs differs."
    )
    offered = cell_filters.options(STUDY)
    if not offered:
        quantities.absent(STUDY)
        return
    _cloud()
    chosen = cell_filters.cells(
        STUDY, PREFIX, {"dataset": _real(offered["dataset"])}, main=("dataset", "preprocessing")
    )
    if chosen is None:
        return
    _condition(chosen)
    _sensitivity(chosen)
    _descent(chosen)
    _deep()


def _real(datasets: list[str]) -> list[str]:
    return [name for name in datasets if name != "cloud"][:1] or datasets[:1]


def _cloud() -> None:
    """Draw the same points under each pipeline."""
    question = Question("scatter_points", {"study": STUDY})
    points = question.frame()
    if points.empty:
        return
    order = axes.ordered("preprocessing", points["preprocessing"])
    text = f"The same points under {', '.join(order)}."
    note = "Each panel has axes of its own. Look at the numbers on them, and at the angle of the cloud."
    chart = cloud(points, "preprocessing", order, "part")
    Figure("What happens to the data themselves?", chart, question, text, note).show("cloud")


def _condition(chosen: cell_filters.Chosen) -> None:
    left, right = st.columns(2)
    with left:
        quantities.show(
            QuantityPlot(
                STUDY,
                "condition_number",
                "How badly conditioned is the loss?",
                "preprocessing",
                "dataset",
                cells=chosen,
            ),
            "condition",
        )
    with right:
        quantities.show(
            QuantityPlot(
                STUDY,
                "hessian_spectrum",
                "How curved is it in each direction?",
                "position",
                "preprocessing",
                cells=chosen,
            ),
            "spectrum",
        )


def _sensitivity(chosen: cell_filters.Chosen) -> None:
    left, right = st.columns(2)
    for column, quantity, title in (
        (left, "perturbed_loss", "What does a small change of W cost?"),
        (right, "perturbed_accuracy", "What accuracy does it cost?"),
    ):
        with column:
            asked = QuantityPlot(
                STUDY, quantity, title, "position", "preprocessing", cells=chosen, parts=(MEAN,), ends=(LOW, HIGH)
            )
            quantities.show(asked, quantity.replace("_", "-"))


def _descent(chosen: cell_filters.Chosen) -> None:
    parts = list(data.query("quantity_parts", study=STUDY, quantity="excess_loss")["part"])
    if not parts:
        return
    part = selectors.one("Learning rate of gradient descent", parts, f"{PREFIX}_rate")
    asked = QuantityPlot(
        STUDY,
        "excess_loss",
        "How fast does gradient descent get there?",
        "position",
        "preprocessing",
        cells=chosen,
        parts=(part,),
    )
    quantities.show(asked, "excess-loss")


def _deep() -> None:
    trained = cell_filters.options("training")
    if len(trained.get("preprocessing", ())) > 1:
        values: dict[str, str | list[str]] = {
            "train_preprocessing": [str(value) for value in trained["preprocessing"]],
            "train_colour": axes.NAMES["preprocessing"],
            "train_init": "kaiming",
            "train_depth": "10",
            "train_norm": "none",
        }
        st.page_link(
            "views/convergence.py",
            label="The same for a deep network",
            query_params=values,
            icon=":material/arrow_forward:",
        )


main()
