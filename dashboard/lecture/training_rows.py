"""Rows L2, L3, L10, L12 and L13: what trains."""

import re
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from dashboard import axes, choice, data
from dashboard.charts.lines import Axis, lines
from dashboard.figure import Picture
from dashboard.lecture import training_answers
from dashboard.lecture.row import Finding, Prediction, Row
from dashboard.over_seeds import for_lines

CONVERGENCE = "views/convergence.py"
MAP = "views/trainability_map.py"
SHALLOW_AND_DEEP = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming"]
_STD = re.compile(r"normal\(std=([0-9.e-]+)\)")
# Below this loss, in nats, something was learned; below the second one, most of it. Guessing ten classes gives ln 10.
LEARNS, LEARNED_WELL = 2.2, 1.0
LEARNED = ("nothing", "slowly", "as usual")
WHO_TRAINS = ("both", "only with batch norm", "neither", "only without")
DECADES = ("one or less", "about two", "three or more")
ASKED_DEPTH = 20


def outcomes(**cells: list[Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return how training ended on the commonest network of the store, and the parameters of the query."""
    values = choice.bound(choice.largest_network() | cells)
    return for_lines(data.query("outcomes_over_seeds", **values), "final_test_accuracy"), values


def symmetry() -> Finding | None:
    """Return the training curves of all-zero weights beside random ones."""
    values = choice.bound(choice.largest_network() | {"init": ["zeros", "normal(std=0.1)", "xavier"], "norm": ["none"]})
    curves = data.query("curves_over_seeds", metrics=["train_loss"], **values)
    zeros = curves[curves["init"] == "zeros"]
    if zeros.empty:
        return None
    keep = zeros.iloc[0]
    curves = curves[(curves["depth"] == keep["depth"]) & (curves["lr"] == keep["lr"])]
    curves = curves[curves["activation"] == keep["activation"]]
    named = axes.named(for_lines(curves), ("init",), "init")
    chart = lines(
        named,
        Axis("step", "Step"),
        Axis("mean", data.labels()["train_loss"]),
        Axis("init", axes.NAMES["init"], values=axes.ordered("init", named["init"])),
        points=False,
    )
    last = zeros[zeros["step"] == zeros["step"].max()].iloc[0]
    sql = data.sql("curves_over_seeds", {"metrics": ["train_loss"], **values})
    picture = Picture("Do all-zero weights learn?", chart, named, sql, "Training loss against step by initialization.")
    verdict = f"after {last['step']} steps the loss with zeros is {last['mean']:.3f} nat; guessing gives ln 10 = 2.303."
    answer = LEARNED[0 if last["mean"] > LEARNS else 1 if last["mean"] > LEARNED_WELL else 2]
    return Finding(picture, verdict, answer)


def depth(inits: list[str], norms: list[str], colour: str, title: str) -> Finding | None:
    """Return the final accuracy against depth."""
    found, values = outcomes(init=inits, norm=norms, activation=["relu"], lr=[0.1])
    if found["depth"].nunique() < 2:
        return None
    named = axes.named(found, ("init", "norm"), colour)
    chart = lines(
        named,
        Axis("depth", axes.NAMES["depth"], whole=True),
        Axis("mean", data.labels()["final_test_accuracy"], share=True),
        Axis(colour, axes.NAMES[colour], values=axes.ordered(colour, named[colour])),
    )
    words = [
        f"{axes.text(colour, value)} trains in every seed {_deepest(named[named[colour] == value])}"
        for value in axes.ordered(colour, named[colour])
    ]
    text = f"Final test accuracy against depth, by {axes.NAMES[colour].lower()}."
    picture = Picture(title, chart, named, data.sql("outcomes_over_seeds", values), text)
    return Finding(picture, "; ".join(words) + ".", _who_trains(named))


def _who_trains(rows: pd.DataFrame) -> str:
    """Return which normalization trains at the depth that the reader was asked about."""
    asked = rows[rows["depth"] == ASKED_DEPTH].groupby("norm")["share_that_train"].max()
    none, batch = asked.get("none", 0) >= 0.5, asked.get("batch", 0) >= 0.5
    return {(True, True): "both", (False, True): "only with batch norm", (False, False): "neither"}.get(
        (bool(none), bool(batch)), "only without"
    )


def _deepest(rows: pd.DataFrame) -> str:
    trained = rows.loc[rows["share_that_train"] == 1, "depth"]
    return "at no depth" if trained.empty else f"up to {trained.max()} layers"


def learning_rates() -> Finding | None:
    """Return the outcome against the learning rate with and without batch norm, at the depth that the answer is on."""
    values = choice.bound(choice.largest_network() | {"init": ["kaiming"], "activation": ["relu"]})
    sweep = data.query("learning_rate_sweep", **values)
    depths = training_answers.depths_on_both_sides(sweep)
    if not depths:
        return None
    answered = training_answers.depths_on_both_sides(training_answers.swept())
    depth = max(set(depths) & set(answered) or depths)
    sweep = sweep[sweep["depth"] == depth]
    named = axes.named(for_lines(sweep), ("norm",), "norm")
    chart = lines(
        named,
        Axis("lr", axes.NAMES["lr"], logarithmic=True),
        Axis("mean", data.labels()["final_test_accuracy"], share=True),
        Axis("norm", axes.NAMES["norm"], values=axes.ordered("norm", named["norm"])),
    )
    text = f"Final test accuracy of {depth} layers against learning rate, with and without batch norm."
    title = f"How far can the learning rate of {depth} layers be pushed?"
    return Finding(Picture(title, chart, named, data.sql("learning_rate_sweep", values), text), "")


def weight_scales() -> Finding | None:
    """Return the outcome against the scale of the weights with and without batch norm."""
    scales = [init for init in choice.options("training").get("init", []) if _STD.fullmatch(str(init))]
    found, values = outcomes(init=scales, activation=["relu"], lr=[0.1])
    counts = found.groupby("depth")["init"].nunique()
    if counts.empty or counts.max() < 4:
        return None
    found = found[found["depth"] == counts.idxmax()]
    found["scale"] = found["init"].str.extract(_STD, expand=False).astype(float)
    named = axes.named(found, ("norm",), "norm").sort_values(["configuration", "scale"], kind="stable")
    chart = lines(
        named,
        Axis("scale", "Standard deviation of the weights", logarithmic=True),
        Axis("mean", data.labels()["final_test_accuracy"], share=True),
        Axis("norm", axes.NAMES["norm"], values=axes.ordered("norm", named["norm"])),
    )
    text = "Final test accuracy against the scale of the weights, with and without batch norm."
    picture = Picture("Which weight scales train?", chart, named, data.sql("outcomes_over_seeds", values), text)
    return Finding(picture, "", _decades(int(counts.idxmax())))


def _decades(depth: int) -> str:
    """Return over how many powers of ten of the scale networks with batch norm train, as the sentence below counts."""
    scaled = training_answers.scaled()
    spanned = scaled.loc[(scaled["depth"] == depth) & (scaled["norm"] == "batch"), "decades"]
    return "" if spanned.empty else DECADES[int(np.searchsorted([1.5, 2.5], spanned.iloc[0]))]


SYMMETRY = Row(
    2,
    "All zeros",
    "With all-zero weights every unit computes the same, gets the same gradient, and nothing changes.",
    "The loss stays where guessing is. The biases of the read-out still learn how frequent the classes are, no more.",
    symmetry,
    training_answers.distinct_units,
    Prediction("All weights zero, 200 steps. What is learned?", LEARNED),
    CONVERGENCE,
    {"train_init": ["zeros", "normal(std=0.1)"], "train_depth": "5", "train_colour": "Initialization"},
)
DEPTH = Row(
    3,
    "Small weights, shallow and deep",
    "Small Gaussian weights work in shallow networks and fail in deep ones.",
    "The accuracy of std 0.05 falls to chance within a few layers, where Kaiming still trains.",
    partial(depth, SHALLOW_AND_DEEP, ["none"], "init", "How deep does it train?"),
    training_answers.shallow_and_deep,
    page=MAP,
    query={"map_activation": "relu", "map_norm": "none"},
)
DEPTH_WITH_NORM = Row(
    10,
    "Deep networks",
    "Batch norm makes deep networks much easier to train.",
    "Same initialization, same learning rate, same seeds: only the normalization differs.",
    partial(depth, ["xavier"], ["none", "batch"], "norm", "How deep does it train, with and without?"),
    partial(training_answers.shares_that_train, ASKED_DEPTH),
    Prediction(
        f"{ASKED_DEPTH} ReLU layers, Xavier, learning rate 0.1. Who trains?",
        WHO_TRAINS,
    ),
    CONVERGENCE,
)
RATES = Row(
    12,
    "Learning rates",
    "Batch norm allows higher learning rates and faster convergence.",
    "The cross marks the rate from which seeds diverge. Not to diverge is not yet to train: the largest rates may "
    "leave the accuracy at chance.",
    learning_rates,
    training_answers.rates,
    page=CONVERGENCE,
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
    "Four decades of weight scale. Without batch norm a narrow window trains; with it nearly all do, until the step "
    "is too small for the size of the weights.",
    weight_scales,
    training_answers.decades,
    Prediction(
        "Weights from 0.001 to 10: how many decades train with batch norm?",
        DECADES,
    ),
    MAP,
    {"map_x": "Normalization"},
)
