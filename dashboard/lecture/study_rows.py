"""Rows L1, L9 and L14–L17: each from a study of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from dashboard import data, quantities
from dashboard.lecture.row import Finding, Row
from dashboard.quantities import Question

BATCH_NORM = "views/batch_norm.py"


def measured(question: Question, judge: Callable[[], str] | None = None) -> Finding | None:
    """Return the figure of a quantity, with what the row's named query says in words."""
    found = quantities.picture(question)
    return None if found is None else Finding(found, judge() if judge is not None else "")


def _ask(
    study: str, quantity: str, title: str, judge: Callable[[], str] | None = None, **more: Any
) -> Callable[[], Finding | None]:
    return partial(measured, Question(study, quantity, title, **more), judge)


def conditioning() -> str:
    """Say how ill-conditioned the loss is under each pipeline, on the last real data set."""
    found = data.query("lecture_01_preprocessing")
    found = found[found["dataset"] != "cloud"].head(5)
    if found.empty:
        return ""
    words = [f"{row.preprocessing} {row.condition_number:.3g}" for row in found.itertuples()]
    return f"condition number of the loss on {found['dataset'].iloc[0]}: {', '.join(words)}."


def folded() -> str:
    """Say how different a folded network is, and how fast."""
    found = data.query("lecture_15_folding")
    if found.empty:
        return ""
    ratio, plain = found["folded_to_without"].median(), found["unfolded_to_without"].median()
    return (
        f"folded logits differ by at most {found['difference'].max():.1g} of the largest; folded it takes ×{ratio:.2f} "
        f"the time of a network without batch norm, unfolded ×{plain:.2f} (medians)."
    )


def wrong_mode() -> str:
    """Say what evaluating with the statistics of the batch costs, at the smallest and the largest batch."""
    found = data.query("lecture_16_train_and_test").sort_values("batch_size")
    if found.empty:
        return ""
    words = [f"{row.cost:+.1%} at batch {row.batch_size}" for row in found.iloc[[0, -1]].itertuples()]
    return f"the wrong mode costs in accuracy: {', '.join(words)}."


def regularized() -> str:
    """Say where batch norm narrows the train–test gap."""
    found = data.query("lecture_14_regularization")
    if found.empty:
        return ""
    best = found.sort_values("saved").iloc[-1]
    return (
        f"the gap of the loss is smaller with batch norm at {(found['saved'] > 0).sum()} of {len(found)} settings, "
        f"most at batch {best['batch_size']}: by {best['saved']:.2g} nat."
    )


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
        conditioning,
        x="position",
        colour="preprocessing",
        panels="dataset",
        parts=("mean", ""),
    ),
    page="views/preprocessing.py",
)
LAYER = Row(
    9,
    "Batch norm as a layer",
    "x̂ = (x − E[x]) / √(Var[x] + ε) over the batch, then y = γx̂ + β with γ and β learned; γ = √Var, β = E undoes it.",
    "γ starts at 1 and finds its own scale in each layer. (The notes' second formula lacks the square root.)",
    _ask("batch_norm_layer", "gamma_mean", "What does γ become?", x="position", colour="part", panels="activation"),
    page=BATCH_NORM,
)
REGULARIZATION = Row(
    14,
    "Regularization",
    "Batch norm regularizes while training: each example sees the noise of its batch.",
    "The smaller the batch, the larger the noise, and the smaller the gap between training and test.",
    _ask(
        "discrepancy", "loss_gap", "How large is the gap?", regularized, x="batch_size", colour="norm", panels="dataset"
    ),
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
        folded,
        x="part",
        colour="network",
        panels="batch_size",
    ),
    page=BATCH_NORM,
)
MODES = Row(
    16,
    "Training and testing differ",
    "Batch norm behaves differently in training and testing: a common source of errors.",
    "In the wrong mode the prediction for one example depends on its neighbours in the batch.",
    _ask("discrepancy", "mode_accuracy", "What does the wrong mode cost?", wrong_mode, x="batch_size", colour="part"),
    page=BATCH_NORM,
)
TRANSFER = Row(
    17,
    "Transfer learning",
    "Train on a big set. On a small one re-initialize the last layer and freeze the rest; on a bigger one train more.",
    "Low layers are general, high ones specific: from a similar source frozen features win while examples are few.",
    _ask(
        "transfer",
        "transfer_accuracy",
        "How many examples does it take?",
        x="position",
        colour="part",
        panels="dataset",
    ),
    page="views/transfer.py",
)
