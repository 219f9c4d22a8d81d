"""What the named queries of rows L4–L8 and L11 say, in a sentence with interval and seeds."""

from typing import Any

import pandas as pd

from dashboard import data
from dashboard.lecture.networks import lecture_network
from dashboard.lecture.wording import PER_CENT, between, count, sentence
from dashboard.numerals import numeral

SIZES = ("width", "depth", "batch_size")
NAMES = {"none": "without batch norm", "batch": "with batch norm"}


def _on_the_slide(query: str, shown: str, activation: str, **more: Any) -> pd.DataFrame:
    """Return a row's query for the network that the page shows; empty where there is none on Gaussian inputs."""
    shape = lecture_network(shown, activation)
    if shape is None:
        return pd.DataFrame()
    return data.query(query, **{size: shape[size] for size in SIZES}, activation=activation, **more)


def standard_deviations(init: str, activation: str) -> str:
    """Say how wide the activations of the last layer are."""
    found = _on_the_slide("lecture_04_too_small", init, activation, init=init)
    if found.empty:
        return ""
    last = found.iloc[-1]
    return sentence(
        [
            f"std of layer {last['layer']:.0f} is {between(last['std'], last['std_low'], last['std_high'])} "
            f"over {count(last['seeds'], 'seed')}, theory {numeral(last['theory_std'])}"
        ]
    )


def saturation(init: str, activation: str) -> str:
    """Say which share of the last layer is saturated."""
    found = _on_the_slide("lecture_05_too_big", init, activation, init=init)
    if found.empty:
        return ""
    last = found.iloc[-1]
    share = between(last["saturated"], last["saturated_low"], last["saturated_high"], PER_CENT)
    return sentence([f"{share} of layer {last['layer']:.0f} is saturated, over {count(last['seeds'], 'seed')}"])


def collapse() -> str:
    """Say by which factor the std falls in a layer."""
    found = _on_the_slide("lecture_07_relu_xavier", "xavier", "relu", init="xavier")
    if len(found) < 2:
        return ""
    last = found.iloc[-1]
    factor = between(last["factor"], last["factor_low"], last["factor_high"])
    return sentence(
        [f"layer {last['layer']:.0f} has {factor} of the std before it, over {count(last['seeds'], 'seed')}"]
    )


def slip() -> str:
    """Say where Kaiming's std stays, and in how many seeds the slip overflows."""
    found = _on_the_slide("lecture_08_kaiming", "kaiming", "relu")
    if found.empty:
        return ""
    words = []
    for init, rows in found.groupby("init", sort=False):
        last = rows.iloc[-1]
        std = between(last["std"], last["std_low"], last["std_high"])
        overflows = f"overflows in {last['overflowed']:.0f} of {count(last['seeds'], 'seed')}"
        fine = f"has a std of {std} over {count(last['seeds'], 'seed')}"
        words.append(f"layer {last['layer']:.0f} of {init} {overflows if last['overflowed'] else fine}")
    return sentence(words)


def fan_in(init: str) -> str:
    """Say what a fan-in of the whole filter does, fully connected and in convolutions, and one of the channels alone.

    Args:
        init: initialization with the right fan-in.
    """
    found = data.query("lecture_06_convolution")
    found = found[found["init"].str.startswith(init) & (found["activation"] == "tanh")]
    seeds = "" if found.empty else f"convolutions with tanh, {count(found['seeds'].max(), 'seed')}"
    words = [
        f"{row.init} **{row.verdict}**, ×{between(row.growth, row.growth_low, row.growth_high)} per layer, "
        f"{between(row.saturated, row.saturated_low, row.saturated_high, PER_CENT)} of the last one saturated"
        for row in found.itertuples()
    ]
    return " ".join(filter(None, (standard_deviations(init, "tanh"), sentence(words, seeds))))


def gradients() -> str:
    """Say by how many powers of ten the gradient changes, with and without batch norm."""
    shape = lecture_network("xavier", "relu", "batch", deepest=True)
    found = data.query("lecture_11_gradient_flow", **{size: shape[size] for size in SIZES}) if shape else pd.DataFrame()
    if found.empty:
        return ""
    words = [
        f"{NAMES[row.norm]} 10^{between(row.decades_median, row.decades_low, row.decades_high, '.2g')} "
        f"over {count(row.networks, 'network')}"
        for row in found[(found["activation"] == "relu") & found["norm"].isin(list(NAMES))].itertuples()
    ]
    return sentence(words, "gradient at the first layer relative to the last, all initializations, median and range")
