"""Rows L2, L3, L10, L12 and L13: what trains."""

import re
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, cell_filters, data, quantities, trains
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.lecture import training_answers
from goldilocks.dashboard.lecture.row import Finding, Prediction, Row
from goldilocks.dashboard.lecture.setting import COMPARED
from goldilocks.dashboard.over_seeds import for_lines
from goldilocks.dashboard.quantities import QuantityPlot
from goldilocks.dashboard.question import Question

CONVERGENCE = "views/convergence.py"
MAP = "views/trainability_map.py"
SHALLOW_AND_DEEP = list(COMPARED)
_STD = re.compile(r"normal\(std=([0-9.e-]+)\)")
ASKED_DEPTH = 20


def outcomes(**cells: list[Any]) -> Question:
    """Return the question how training ended on the network of the store on which most can be compared."""
    return Question("outcomes_over_seeds", cell_filters.bound(cell_filters.largest_network() | cells))


def _accuracies(question: Question) -> pd.DataFrame:
    return for_lines(question.frame(), "final_test_accuracy")


def symmetry() -> Finding | None:
    """Return how many different units zeros and a random initialization have, before and after training."""
    cells = training_answers.ALIKE
    plot = QuantityPlot(
        "symmetry", "distinct_units", "How many units are different?", "part", "init", cells=cells, part="Training"
    )
    units = quantities.figure(plot)
    if units is None:
        return None
    correct = quantities.figure(replace(plot, quantity="share_correct", title="And what is learned?", cells=cells))
    return Finding(units, "", beside=() if correct is None else (correct,))


def depth(inits: list[str], norms: list[str], colour: str, title: str) -> Finding | None:
    """Return the final accuracy against depth."""
    question = outcomes(init=inits, norm=norms, activation=["relu"], lr=[0.1])
    found = _accuracies(question)
    if found["depth"].nunique() < 2:
        return None
    named = axes.named(found, ("init", "norm"), colour)
    chart = lines(
        named,
        Axis("depth", axes.NAMES["depth"], whole=True),
        Axis("mean", data.labels()["final_test_accuracy"], share=True),
        axes.legend(colour, named[colour]),
    )
    words = [
        f"{axes.text(colour, value)} {_deepest(named[named[colour] == value])}"
        for value in axes.ordered(colour, named[colour])
    ]
    text = f"Final test accuracy against depth, by {axes.in_sentence(axes.NAMES[colour])}."
    figure = Figure(title, chart, question, text, trains.definition())
    return Finding(figure, "; ".join(words) + ".")


def _deepest(rows: pd.DataFrame) -> str:
    """Return up to which depth all networks train in every seed, without a gap."""
    by_depth = rows.groupby("depth")["share_that_train"].min() == 1
    trained = by_depth.index[by_depth.cummin()]
    if not len(trained):
        return f"does not train in every seed even with {by_depth.index.min()} layers"
    return f"trains in every seed up to {trained.max()} layers"


def learning_rates() -> Finding | None:
    """Return the outcome against the learning rate with and without batch norm, at the depth that the answer is on."""
    values = cell_filters.bound(cell_filters.largest_network() | {"init": ["kaiming"], "activation": ["relu"]})
    question = Question("learning_rate_sweep", values)
    depths = training_answers.depths_on_both_sides(question.frame())
    if not depths:
        return None
    answered = training_answers.depths_on_both_sides(training_answers.swept())
    depth = max(set(depths) & set(answered) or depths)
    question = question.but(depths=[depth])
    named = axes.named(for_lines(question.frame()), ("norm",), "norm")
    chart = lines(
        named,
        Axis("lr", axes.NAMES["lr"], logarithmic=True),
        Axis("mean", data.labels()["final_test_accuracy"], share=True),
        axes.legend("norm", named["norm"]),
    )
    text = f"Final test accuracy of {depth} layers against learning rate, with and without batch norm."
    title = f"How far can the learning rate of {depth} layers be pushed?"
    return Finding(Figure(title, chart, question, text, trains.definition()), "")


def weight_scales() -> Finding | None:
    """Return the outcome against the scale of the weights with and without batch norm."""
    scales = [init for init in cell_filters.options("training").get("init", []) if _STD.fullmatch(str(init))]
    question = outcomes(init=scales, activation=["relu"], lr=[0.1])
    counts = question.frame().groupby("depth")["init"].nunique()
    if counts.empty or counts.max() < 4:
        return None
    question = question.but(depths=[int(counts.idxmax())])
    found = _accuracies(question)
    found["scale"] = found["init"].str.extract(_STD, expand=False).astype(float)
    named = axes.named(found, ("norm",), "norm").sort_values(["configuration", "scale"], kind="stable")
    chart = lines(
        named,
        Axis("scale", "Standard deviation of the weights", logarithmic=True),
        Axis("mean", data.labels()["final_test_accuracy"], share=True),
        axes.legend("norm", named["norm"]),
    )
    text = "Final test accuracy against the scale of the weights, with and without batch norm."
    figure = Figure("Which weight scales train?", chart, question, text, trains.definition())
    return Finding(figure, "")


SYMMETRY = Row(
    2,
    "All zeros",
    "With all-zero weights every unit computes the same, gets the same gradient, and nothing changes.",
    "Are there more different units after training than before? Units that begin alike get the same gradient. The "
    "biases of the read-out can still learn how frequent the classes are, no more.",
    symmetry,
    training_answers.distinct_units,
    Prediction(
        "To the letter: no unit differs from another, and no weight changes?",
        tuple(training_answers.NOTHING_CHANGES.values()),
    ),
    "views/every_study.py",
    {"study_name": "symmetry", "study_quantity_symmetry": "Distinct units"},
)
DEPTH = Row(
    3,
    "Small weights, shallow and deep",
    "Small Gaussian weights work in shallow networks and fail in deep ones.",
    "Follow each line to the right: at which depth does it fall to guessing?",
    partial(depth, SHALLOW_AND_DEEP, ["none"], "init", "How deep does it train?"),
    training_answers.shallow_and_deep,
    Prediction("W = 0.05·N(0,1) and ReLU. How deep does it train in every seed?", training_answers.DEPTHS),
    MAP,
    query={"map_activation": "relu", "map_norm": "none"},
)
DEPTH_WITH_NORM = Row(
    10,
    "Deep networks",
    "Batch norm makes deep networks much easier to train.",
    "Same initialization, same learning rate, same seeds: only the normalization differs.",
    partial(depth, ["xavier"], ["none", "batch"], "norm", "How deep does it train with and without batch norm?"),
    partial(training_answers.shares_that_train, ASKED_DEPTH),
    Prediction(
        f"{ASKED_DEPTH} ReLU layers, five initializations. How many of the networks train without it?",
        training_answers.SHARES,
    ),
    CONVERGENCE,
)
RATES = Row(
    12,
    "Learning rates",
    "Batch norm allows higher learning rates and faster convergence.",
    "A cross ends a line where seeds diverge. Not to diverge is not yet to train: a rate may leave the accuracy at "
    "guessing. Compare the two lines at the small rates, too.",
    learning_rates,
    training_answers.rates,
    Prediction("And at the smallest of the rates: which network ends higher?", tuple(training_answers.AHEAD.values())),
    CONVERGENCE,
    query={
        "train_init": "kaiming",
        "train_depth": "20",
        "train_panels": "Learning rate",
        "train_lr": ["0.01", "0.1", "0.3", "1.0"],
    },
)
SCALES = Row(
    13,
    "Robust to initialization",
    "With batch norm a network trains from weights of almost any scale.",
    "How wide is the window in which each line is above guessing? A cross ends a line where seeds diverge. With batch "
    "norm large weights make the steps relatively small.",
    weight_scales,
    training_answers.decades,
    Prediction("Over how many powers of ten of the weights' scale?", training_answers.DECADES),
    MAP,
    {"map_x": "Normalization"},
)
