"""The order in which values stand: numbers by size, members by kinship, those of one family by their parameter."""

import random

import numpy as np
import pandas as pd
import pytest

from goldilocks.dashboard import axes
from tests.dashboard.seen import SEEN

ORDERS = {
    "depth": [1, 2, 10, 20],
    "lr": [0.001, 0.03, 0.3, 1.0, float("inf")],
    "width": ["8", "64", "512"],
    "batch_size": np.array([16, 64, 128]),
    "init": [
        "zeros", "constant(value=0.01)", "normal(std=1e-05)", "normal(std=0.003)", "normal(std=0.05)", "normal(std=1)",
        "torch_default", "xavier", "xavier_normal", "xavier_uniform", "orthogonal", "kaiming", "kaiming_normal",
        "kaiming_uniform", "kaiming_slip", "a scheme of one's own",
    ],
    "activation": ["linear", "sigmoid", "tanh", "relu", "leaky_relu(slope=0.01)", "leaky_relu(slope=0.2)", "gelu"],
    "norm": ["none", "batch", "layer", "rms", "group(groups=2)", "group(groups=16)"],
    "preprocessing": ["raw", "center", "standardize", "pca", "whiten"],
    "optimizer": ["sgd", "momentum", "adam"],
    "size": ["2 per class", "5 per class"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _cards(monkeypatch):
    monkeypatch.setattr(axes, "members", lambda: SEEN)


@pytest.mark.parametrize("axis", ORDERS)
def test_values_stand_in_a_meaningful_order_however_they_come(axis):
    wanted = list(ORDERS[axis])
    for seed in range(10):
        values = [*wanted, *wanted[:2]]
        random.Random(seed).shuffle(values)
        assert axes.ordered(axis, values) == wanted


def test_the_version_of_a_plugin_is_no_part_of_its_place():
    assert axes.ordered("init", ["kaiming@123abc", "zeros", "xavier@123abc(factor=2)"]) == [
        "zeros", "xavier@123abc(factor=2)", "kaiming@123abc"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("axis", "value", "text"),
    [("norm", "none", "no norm"), ("norm", "group(groups=2)", "group(groups=2) norm"), ("init", "kaiming", "kaiming"),
     ("norm", "batch@123abc", "batch@123abc norm"), ("dataset", "gaussian", "N(0,1) inputs"), ("norm", "odd", "odd"),
     ("init", "odd(a=1)", "odd(a=1)"), ("depth", 3, "3 layers"), ("lr", 0.1, "lr 0.1"),
     ("norm", None, "no normalization")],
)  # fmt: skip
def test_a_value_is_called_what_its_card_says(axis, value, text):
    assert axes.text(axis, value) == text


def test_what_is_not_a_number_stands_last():
    assert [str(value) for value in axes.ordered("lr", [float("nan"), 1.0, 0.1])] == ["0.1", "1.0", "nan"]


def test_configurations_are_named_and_sorted_by_what_tells_them_apart():
    frame = pd.DataFrame(
        {"init": ["kaiming", "xavier"] * 2, "norm": ["none"] * 2 + ["batch"] * 2, "depth": 5, "value": range(4)}
    )
    named = axes.named(frame, ["norm", "init", "depth"], "init")
    assert named["configuration"].tolist() == [
        "no norm, xavier", "no norm, kaiming", "batch norm, xavier", "batch norm, kaiming"
    ]  # fmt: skip
    assert named["value"].tolist() == [1, 0, 3, 2]


def test_an_axis_that_some_lack_names_them_so():
    frame = pd.DataFrame({"lr": [0.1, np.nan, 0.1, np.nan], "init": ["xavier", "xavier", "zeros", "zeros"]})
    found = axes.named(frame, ["init", "lr"], "init")["configuration"]
    assert list(found) == ["zeros, lr 0.1", "zeros, no learning rate", "xavier, lr 0.1", "xavier, no learning rate"]


@pytest.mark.parametrize(
    ("title", "inside"),
    [("Learning rate", "learning rate"), ("Test accuracy (%)", "test accuracy (%)"), ("W", "W"),
     ("PCA axes", "PCA axes"), ("σw²", "σw²"), ("", ""), ("Depth scale ξ_Q", "depth scale ξ_Q")],
)  # fmt: skip
def test_a_title_inside_a_sentence_keeps_its_symbols(title, inside):
    assert axes.in_sentence(title) == inside
