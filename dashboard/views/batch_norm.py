"""L9 to L16: batch normalization as a layer, and everything that is said for and against it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import streamlit as st

from goldilocks.dashboard import cell_filters, commands, quantities, selectors
from goldilocks.dashboard.interval import BANDS
from goldilocks.dashboard.lecture import signal_rows, training_rows
from goldilocks.dashboard.lecture.row import Row
from goldilocks.dashboard.quantities import QuantityPlot

PREFIX = "bn"
# In lines that fit on a phone.
FORMULAS = (
    r"\hat x = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \varepsilon}}, \qquad y = \gamma \hat x + \beta",
    r"\text{test time:}\quad W' = W \frac{\gamma}{\sqrt{v + \varepsilon}}",
    r"b' = (b - m) \frac{\gamma}{\sqrt{v + \varepsilon}} + \beta",
)


def main() -> None:
    """Draw the page."""
    st.title("Batch norm up close")
    st.markdown(
        "Each unit is normalized with the statistics of its batch during training, and with running averages of them "
        "at test time."
    )
    for formula in FORMULAS:
        st.latex(formula)
    topic = selectors.switch("Topic", list(TOPICS), f"{PREFIX}_topic", next(iter(TOPICS)))
    TOPICS[topic]()


def _study(study: str, plots: Mapping[str, QuantityPlot]) -> None:
    if not cell_filters.options(study):
        quantities.absent(study)
        return
    band = selectors.one("Band", list(BANDS), f"{PREFIX}_band", "range", show=BANDS.__getitem__)
    chosen = cell_filters.cells(
        study, f"{PREFIX}_{study}", {}, main=("dataset", "network", "activation", "norm", "batch_size")
    )
    if chosen is None:
        return
    for key, plot in plots.items():
        quantities.show(replace(plot, study=study, cells=chosen, band=band), key)


def _rows(rows: tuple[Row, ...]) -> None:
    for row in rows:
        st.markdown(f"*L{row.number}:* {row.claim}")
        finding = row.ask()
        if finding is None:
            st.info(f"No results on this yet. {commands.remedy('run demo', 'to compute them')}")
            continue
        finding.figure.show(f"L{row.number}")
        if finding.verdict:
            st.markdown(f":material/straighten: *Measured:* {finding.verdict}")


LAYER = {
    "gamma": QuantityPlot("", "gamma_mean", "What does γ become?", "position", "part", "activation"),
    "beta": QuantityPlot("", "beta_mean", "What does β become?", "position", "part", "activation"),
    "identity": QuantityPlot("", "identity_error", "Can the layer be the identity?", "part", "activation"),
}
REGULARIZATION = {
    "loss-gap": QuantityPlot("", "loss_gap", "How large is the gap of the loss?", "batch_size", "norm", "dataset"),
    "accuracy-gap": QuantityPlot(
        "", "accuracy_gap", "How large is the gap of the accuracy?", "batch_size", "norm", "dataset"
    ),
    "train": QuantityPlot("", "accuracy_on_train", "Does it still fit?", "batch_size", "norm", "dataset"),
}
FOLDING = {
    "time": QuantityPlot(
        "", "forward_time", "How long does a forward pass take?", "part", "network", "batch_size", part="Form"
    ),
    "difference": QuantityPlot("", "fold_difference", "How different are the logits?", "network", "activation"),
}
MODES = {
    "modes": QuantityPlot(
        "", "mode_accuracy", "What does the wrong mode cost?", "batch_size", "part", "dataset", part="Mode"
    ),
    "means": QuantityPlot("", "mean_distance", "How far is a batch's mean from the running one?", "batch_size", "part"),
    "stds": QuantityPlot(
        "", "std_distance", "How far is a batch's standard deviation from the running one?", "batch_size", "part"
    ),
}
DEEP = {
    "growth": QuantityPlot(
        "", "growth", "How fast does the gradient grow?", "depth", "norm", "activation", part="Origin"
    ),
    "gradient": QuantityPlot(
        "", "gradient", "What gradient reaches each layer?", "position", "norm", "activation", part="Origin"
    ),
}
TOPICS: dict[str, Callable[[], None]] = {
    "The layer (L9)": partial(_study, "batch_norm_layer", LAYER),
    "Depth and gradients (L10, L11)": partial(_rows, (training_rows.DEPTH_WITH_NORM, signal_rows.GRADIENT_FLOW)),
    "Rates and scales (L12, L13)": partial(_rows, (training_rows.RATES, training_rows.SCALES)),
    "Regularization (L14)": partial(_study, "discrepancy", REGULARIZATION),
    "Test time (L15)": partial(_study, "folding", FOLDING),
    "Train and test (L16)": partial(_study, "discrepancy", MODES),
    "Very deep": partial(_study, "deep_bn", DEEP),
}

main()
