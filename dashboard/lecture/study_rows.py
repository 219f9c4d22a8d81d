"""Rows L1, L9 and L14–L17: each from a study of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from goldilocks.dashboard import quantities
from goldilocks.dashboard.lecture import batch_norm_answers, study_answers
from goldilocks.dashboard.lecture.row import Finding, Prediction, Row
from goldilocks.dashboard.quantities import QuantityPlot

BATCH_NORM = "views/batch_norm.py"


def measured(plot: QuantityPlot, *beside: QuantityPlot) -> Finding | None:
    """Return the figure of a quantity, and those of others beside it."""
    found = quantities.figure(plot)
    others = filter(None, map(quantities.figure, beside))
    return None if found is None else Finding(found, "", beside=tuple(others))


def _topic(name: str) -> dict[str, str | list[str]]:
    """Return what to choose on the page of batch norm."""
    return {"bn_topic": name}


def _ask(study: str, quantity: str, title: str, **more: Any) -> Callable[[], Finding | None]:
    return partial(measured, QuantityPlot(study, quantity, title, **more))


def _transfer() -> Finding | None:
    """Return the figures of a source of our own, and of pretrained weights; the first that there is comes first."""
    how: dict[str, Any] = {"x": "position", "colour": "part", "panels": "dataset", "part": "Scheme"}
    own = QuantityPlot("transfer", "transfer_accuracy", "How many examples does it take?", **how)
    pretrained = QuantityPlot(
        "backbone_transfer", "backbone_accuracy", "How many does it take from pretrained weights?", **how
    )
    found = [figure for figure in map(quantities.figure, (own, pretrained)) if figure]
    return Finding(found[0], "", beside=tuple(found[1:])) if found else None


PREPROCESSING = Row(
    1,
    "Preprocessing",
    "Zero-centre and normalize each dimension: before it the loss is very sensitive to small changes of W, after it "
    "less so.",
    "How much does the same small change of the weights cost under each pipeline? PCA and whitening exist, but are not "
    "usual for images; there, the lecture says, centring is enough.",
    _ask(
        "preprocessing",
        "perturbed_loss",
        "What does a small change of W cost?",
        x="position",
        colour="preprocessing",
        panels="dataset",
        parts=("mean",),
        ends=("low", "high"),
    ),
    study_answers.sensitivity,
    Prediction(
        "By how much more does the same change of W multiply the loss before normalizing than after?",
        study_answers.DEARER,
    ),
    page="views/preprocessing.py",
)
LAYER = Row(
    9,
    "Batch norm as a layer",
    "x̂ = (x − E[x]) / √(Var[x] + ε) over the batch, then y = γx̂ + β with γ and β learned; γ = √Var, β = E undoes it.",
    "γ starts at 1 and β at 0. Which layers leave them? (The notes' second formula lacks the square root.)",
    _ask("batch_norm_layer", "gamma_mean", "What does γ become?", x="position", colour="part", panels="activation"),
    batch_norm_answers.learned_scale,
    Prediction("γ begins at 1. In how many layers does training move its mean away?", batch_norm_answers.MOVED),
    page=BATCH_NORM,
    query=_topic("The layer (L9)"),
)
REGULARIZATION = Row(
    14,
    "Regularization",
    "Batch norm regularizes while training: each example sees the noise of its batch.",
    "The smaller the batch, the larger the noise. A gap between training and test is small where a network "
    "generalizes, and also where it does not even fit: compare it with the test accuracy.",
    partial(
        measured,
        QuantityPlot("discrepancy", "loss_gap", "How large is the gap?", "batch_size", "norm", "dataset"),
        QuantityPlot(
            "discrepancy",
            "mode_accuracy",
            "And the test accuracy, with running statistics?",
            "batch_size",
            "norm",
            "dataset",
            parts=("running statistics",),
        ),
    ),
    batch_norm_answers.regularized,
    Prediction(
        "In the smallest batches, what does batch norm do to the test accuracy?",
        tuple(batch_norm_answers.TEST.values()),
    ),
    page=BATCH_NORM,
    query=_topic("Regularization (L14)"),
)
FOLDING = Row(
    15,
    "No cost at test time",
    "At test time batch norm folds into the layer before it and costs nothing.",
    "Compare the folded network with the one that never had batch norm. The bands are of the seeds: on a busy machine "
    "they are wide.",
    _ask(
        "folding",
        "forward_time",
        "How long is a forward pass?",
        x="part",
        colour="network",
        panels="batch_size",
        part="Form",
    ),
    batch_norm_answers.folded,
    Prediction(
        "Not folded: how long does a forward pass take, compared with a network without batch norm?",
        batch_norm_answers.SLOWER,
    ),
    page=BATCH_NORM,
    query=_topic("Test time (L15)"),
)
MODES = Row(
    16,
    "Training and testing differ",
    "Batch norm behaves differently in training and testing: a common source of errors.",
    "In the wrong mode the prediction for one example depends on its neighbours in the batch: what if all of them are "
    "of its class?",
    _ask(
        "discrepancy",
        "mode_accuracy",
        "What does the wrong mode cost?",
        x="batch_size",
        colour="part",
        cells={"norm": ["batch"]},
        part="Mode",
    ),
    batch_norm_answers.wrong_mode,
    Prediction(
        "Training mode, on batches of a single class each: how much accuracy is lost at most?", batch_norm_answers.LOST
    ),
    page=BATCH_NORM,
    query=_topic("Train and test (L16)"),
)
TRANSFER = Row(
    17,
    "Transfer learning",
    "Train on a big set. On a small one re-initialize the last layer and freeze the rest; on a bigger one train more.",
    "Low layers are said to be general, high ones specific. Compare the schemes at few and at many examples, on the "
    "target that is like the source and on the one that is not.",
    _transfer,
    study_answers.transferred,
    Prediction(
        "A few images per class of a target unlike the source: what is best?", tuple(study_answers.SCHEMES.values())
    ),
    page="views/transfer.py",
)
