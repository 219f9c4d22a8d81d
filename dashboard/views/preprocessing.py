"""L1: what centring, scaling, PCA and whitening do to a loss."""

import streamlit as st

from goldilocks.dashboard import axes, cell_filters, data, quantities, selectors
from goldilocks.dashboard.charts.points import cloud
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.lecture.stories import DEEP_PREPROCESSING, Story
from goldilocks.dashboard.quantities import QuantityPlot
from goldilocks.dashboard.question import Question

PREFIX = "prep"
STUDY = "preprocessing"
# How the mean over random directions and its range are stored.
MEAN, LOW, HIGH = "mean", "low", "high"
# Of the largest value: what is smaller is rounding of 64-bit numbers.
RESOLUTION = 1e-12


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
    plane = _cloud()
    real = [name for name in offered["dataset"] if name not in plane][:1] or offered["dataset"][:1]
    chosen = cell_filters.cells(STUDY, PREFIX, {"dataset": real}, main=("dataset", "preprocessing"))
    if chosen is None:
        return
    _condition(chosen)
    _sensitivity(chosen)
    _descent(chosen)
    _deep()


def _cloud() -> set[str]:
    """Draw the same points under each pipeline, and return the data sets whose points lie in a plane."""
    question = Question("scatter_points", {"study": STUDY})
    points = question.frame()
    if points.empty:
        return set()
    order = axes.ordered("preprocessing", points["preprocessing"])
    text = f"The same points under {', '.join(order)}."
    note = "All panels have the same axes: look where the cloud lies, at its angle and at its shape."
    labels = data.labels()
    chart = cloud(points, "preprocessing", order, "part", labels["scatter_x"], labels["scatter_y"])
    Figure("What happens to the data themselves?", chart, question, text, note).show("cloud")
    return set(points["dataset"])


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
                resolution=RESOLUTION,
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
            plot = QuantityPlot(
                STUDY, quantity, title, "position", "preprocessing", cells=chosen, parts=(MEAN,), ends=(LOW, HIGH)
            )
            quantities.show(plot, quantity.replace("_", "-"))


def _descent(chosen: cell_filters.Chosen) -> None:
    parts = quantities.parts(STUDY, "excess_loss")
    if not parts:
        return
    part = selectors.one("Learning rate of gradient descent", parts, f"{PREFIX}_rate")
    plot = QuantityPlot(
        STUDY,
        "excess_loss",
        "How fast does gradient descent get there?",
        "position",
        "preprocessing",
        cells=chosen,
        parts=(part,),
        resolution=RESOLUTION,
    )
    quantities.show(plot, "excess-loss")


def _deep() -> None:
    trained = cell_filters.options("training")
    if len(trained.get("preprocessing", ())) > 1:
        compared: Story = {
            "preprocessing": [str(value) for value in trained["preprocessing"]],
            "colour": axes.NAMES["preprocessing"],
        }
        values = {f"train_{name}": value for name, value in (compared | DEEP_PREPROCESSING).items()}
        st.page_link(
            "views/convergence.py",
            label="The same for a deep network",
            query_params=values,
            icon=":material/arrow_forward:",
        )


main()
