"""Rows L3–L8 and L11: signal and gradient of untrained networks."""

from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, data, layer_statistics, verdicts
from goldilocks.dashboard.charts.distributions import strip
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.distributions import on_common_bins
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.layer_statistics import network_title
from goldilocks.dashboard.lecture import signal_answers
from goldilocks.dashboard.lecture.networks import lecture_network, verdict_on
from goldilocks.dashboard.lecture.row import Finding, Prediction, Row
from goldilocks.dashboard.members import members
from goldilocks.dashboard.question import Question

MOST_LAYERS = 6


def sentence(found: pd.Series | None) -> str:
    """Return a verdict in words."""
    if found is None:
        return "no verdict"
    signal, gradient = verdicts.growth(found, "forward"), verdicts.growth(found, "backward")
    agree = f"{found['agreeing']} of {found['seeds']} seeds agree"
    return f"**{found['verdict']}**: signal {signal}, gradient {gradient}, {agree}"


def distributions(init: str, activation: str) -> Finding | None:
    """Return the lecture's strip of histograms for one configuration."""
    shape = lecture_network(init, activation)
    if shape is None:
        return None
    figure, signal = _strip(shape, init, activation)
    last, found = signal.iloc[-1], verdict_on(shape, init, activation)
    overflows = "; the std of the last layer overflows" if last["std_overflowed"] else ""
    return Finding(replace(figure, note=verdicts.limits()), f"{sentence(found)}{overflows}.")


def with_convolution(init: str, mistake: str, activation: str) -> Finding | None:
    """Return the strip of a fully connected network, and beside it those of convolutions: right, and with a mistake.

    Args:
        init: initialization with the right fan-in.
        mistake: the one that takes the number of input channels for it.
        activation: activation.
    """
    found = distributions(init, activation)
    shapes = [lecture_network(name, activation, network="conv") for name in (init, mistake)]
    if found is None or None in shapes:
        return found
    strips = (_strip(shape, name, activation) for shape, name in zip(shapes, (init, mistake), strict=True) if shape)
    return replace(found, beside=tuple(figure for figure, _ in strips))


def _strip(shape: dict[str, Any], init: str, activation: str) -> tuple[Figure, pd.DataFrame]:
    """Return the strip of a network, and its statistics by layer."""
    chosen = {"inits": [init], "activations": [activation], "norms": ["none"]}
    layers = list(range(1, shape["depth"] + 1))
    layers = layers if len(layers) <= MOST_LAYERS else [1, *layers[2 :: (len(layers) - 1) // 4][:4], layers[-1]]
    signal = data.query("signal_by_layer", **shape, **chosen).sort_values("layer")
    question = Question("layer_distributions", {**shape, **chosen, "tap": "act", "layers": layers})
    bins = on_common_bins(question.frame(), ["init", "layer"])
    chart = strip(bins, signal[signal["layer"].isin(layers)], members().paint.colour(init), "act")
    text = f"Distribution of activations in layers {layers[0]} to {layers[-1]} for {init} and {activation}."
    title = f"What becomes of a signal with {init} and {activation}? {network_title(pd.Series(shape))}"
    return Figure(title, chart, question, text), signal


def against_layers(inits: list[str], activation: str, norms: list[str], metric: str, title: str) -> Finding | None:
    """Return one statistic against the layer for a few configurations, and their verdicts."""
    shape = lecture_network(inits[0], activation, norms[-1], deepest=len(norms) > 1)
    if shape is None:
        return None
    question = Question("signal_by_layer", {**shape, "inits": inits, "activations": [activation], "norms": norms})
    colour = "norm" if len(norms) > 1 else "init"
    named = axes.named(question.frame(), ("init", "norm"), colour)
    frame = layer_statistics.against_layer(named, metric).assign(norm=named["norm"])
    chart = lines(
        frame,
        Axis("layer", "Layer", whole=True),
        Axis("mean", data.labels()[metric], logarithmic=True),
        axes.legend(colour, frame[colour]),
    )
    words = [
        f"{axes.text(colour, init if colour == 'init' else norm)} {sentence(verdict_on(shape, init, activation, norm))}"
        for init in inits
        for norm in norms
    ]
    text = f"{data.labels()[metric]} against layer for {', '.join(dict.fromkeys(named['configuration']))}."
    figure = Figure(title, chart, question, text, verdicts.limits())
    return Finding(figure, "; ".join(words) + ".")


ROWS = (
    Row(
        4,
        "Too small",
        "With W = 0.01·N(0,1) in a deep tanh network, the activations collapse to zero layer by layer.",
        "Compare the widths from left to right. The gradient of a layer's weights is proportional to its input: where "
        "that vanishes, it vanishes as well.",
        partial(distributions, "normal(std=0.01)", "tanh"),
        partial(signal_answers.collapse_of_std, "normal(std=0.01)", "tanh"),
        Prediction("And what becomes of the gradient on its way back?", signal_answers.GRADIENT),
        query={"init": "normal(std=0.01)", "activation": "tanh"},
    ),
    Row(
        5,
        "Too big",
        "With W = 0.05·N(0,1) the tanh units saturate, and their local gradients vanish. The notes: “all zero, no "
        "learning”.",
        "How much of the mass sits at −1 and 1? A saturated unit passes no gradient on; those that are not saturated "
        "pass theirs through large weights.",
        partial(distributions, "normal(std=0.05)", "tanh"),
        partial(signal_answers.saturation, "normal(std=0.05)", "tanh", "xavier"),
        Prediction("And here: what becomes of the gradient as a whole?", signal_answers.GRADIENT),
        query={"init": "normal(std=0.05)", "activation": "tanh"},
    ),
    Row(
        6,
        "Just right for tanh",
        "Xavier's std = 1/√Din keeps the variance of a tanh layer; for a convolution Din = filter² · input channels.",
        "Compare the first layer with the last: Xavier would keep the std of a linear layer, and tanh is linear at "
        "zero only. Then the same in a convolutional network, and what becomes of it when the channels alone "
        "are taken for Din.",
        partial(with_convolution, "xavier", "xavier_channels", "tanh"),
        partial(signal_answers.fan_in, "xavier"),
        Prediction(
            "And with Din = input channels alone: what becomes of a convolution's signal?",
            tuple(signal_answers.SIGNAL.values()),
        ),
        query={"init": "xavier", "activation": "tanh"},
    ),
    Row(
        7,
        "Xavier under a ReLU",
        "ReLU kills half of the variance, so Xavier collapses.",
        "A ReLU passes half of the variance on, so theory expects the std of a layer to be 1/√2 of that before it.",
        partial(distributions, "xavier", "relu"),
        signal_answers.collapse,
        Prediction("By what does one layer multiply the std?", signal_answers.FACTOR),
        query={"init": "xavier", "activation": "relu"},
    ),
    Row(
        8,
        "Kaiming, and the notes' slip",
        "Kaiming's std = √(2/Din) is just right for ReLU. The notes' code divides by √(2/Din), which is a slip.",
        "Kaiming makes up for the half that a ReLU takes away. Dividing instead multiplies the std by Din/2 in every "
        "layer.",
        partial(
            against_layers,
            ["kaiming", "kaiming_slip"],
            "relu",
            ["none"],
            "std",
            "What does dividing do?",
        ),
        signal_answers.slip,
        Prediction("How much std does dividing leave in the last layer?", signal_answers.SLIPPED),
        query={"init": ["kaiming", "kaiming_slip"], "activation": "relu"},
    ),
)

GRADIENT_FLOW = Row(
    11,
    "Gradient flow",
    "Batch norm improves the flow of gradients through the network.",
    "Read each line from right to left, as the gradient goes. Batch norm undoes the scale of the weights, so the line "
    "with it hardly depends on the initialization; flat is another question.",
    partial(against_layers, ["xavier"], "relu", ["none", "batch"], "grad_rms", "What gradient reaches each layer?"),
    signal_answers.gradients,
    Prediction("With batch norm: what does the gradient do from the last layer to the first?", signal_answers.GRADIENT),
    query={"init": "xavier", "activation": "relu", "norm": ["none", "batch"]},
)
