"""Rows L1, L9 and L14–L17: each from a study of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from dashboard import quantities
from dashboard.lecture import study_answers
from dashboard.lecture.row import Finding, Row
from dashboard.quantities import Question

BATCH_NORM = "views/batch_norm.py"


def measured(question: Question) -> Finding | None:
    """Return the figure of a quantity."""
    found = quantities.picture(question)
    return None if found is None else Finding(found, "")


def _ask(study: str, quantity: str, title: str, **more: Any) -> Callable[[], Finding | None]:
    return partial(measured, Question(study, quantity, title, **more))


PREPROCESSING = Row(
    1,
    "Preprocessing",
    "Zero-centre and normalize each dimension: before it the loss is very sensitive to small changes of W, after it "
    "less so.",
    "The same small change of the weights costs far more on raw inputs. PCA and whitening exist, but are not usual for "
    "images.",
    _ask(
        "preprocessing",
        "perturbed_loss",
        "What does a small change of W cost?",
        x="position",
        colour="preprocessing",
        panels="dataset",
        parts=("mean", ""),
    ),
    study_answers.sensitivity,
    page="views/preprocessing.py",
)
LAYER = Row(
    9,
    "Batch norm as a layer",
    "x̂ = (x − E[x]) / √(Var[x] + ε) over the batch, then y = γx̂ + β with γ and β learned; γ = √Var, β = E undoes it.",
    "γ starts at 1 and finds its own scale in each layer. (The notes' second formula lacks the square root.)",
    _ask("batch_norm_layer", "gamma_mean", "What does γ become?", x="position", colour="part", panels="activation"),
    study_answers.learned_scale,
    page=BATCH_NORM,
)
REGULARIZATION = Row(
    14,
    "Regularization",
    "Batch norm regularizes while training: each example sees the noise of its batch.",
    "The smaller the batch, the larger the noise, and the smaller the gap between training and test.",
    _ask("discrepancy", "loss_gap", "How large is the gap?", x="batch_size", colour="norm", panels="dataset"),
    partial(study_answers.claims, "lecture_14_claims"),
    page=BATCH_NORM,
)
FOLDING = Row(
    15,
    "No cost at test time",
    "At test time batch norm folds into the layer before it and costs nothing.",
    "The folded network computes the same logits to float precision, in the time of a network without batch norm.",
    _ask(
        "folding",
        "forward_time",
        "How long is a forward pass?",
        x="part",
        colour="network",
        panels="batch_size",
    ),
    study_answers.folded,
    page=BATCH_NORM,
)
MODES = Row(
    16,
    "Training and testing differ",
    "Batch norm behaves differently in training and testing: a common source of errors.",
    "In the wrong mode the prediction for one example depends on its neighbours in the batch.",
    _ask("discrepancy", "mode_accuracy", "What does the wrong mode cost?", x="batch_size", colour="part"),
    study_answers.wrong_mode,
    page=BATCH_NORM,
)
TRANSFER = Row(
    17,
    "Transfer learning",
    "Train on a big set. On a small one re-initialize the last layer and freeze the rest; on a bigger one train more.",
    "Low layers are general, high ones specific: frozen up to the last layer, the network fails on an unlike target; "
    "frozen up to the last convolution it does not.",
    _ask(
        "transfer",
        "transfer_accuracy",
        "How many examples does it take?",
        x="position",
        colour="part",
        panels="dataset",
    ),
    study_answers.transferred,
    page="views/transfer.py",
)
