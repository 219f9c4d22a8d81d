"""What the named queries of rows L4–L8 and L11 say, in a sentence with interval and seeds."""

import math
from itertools import pairwise
from typing import Any

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.dashboard.lecture.networks import lecture_network, verdict_on
from goldilocks.dashboard.lecture.wording import PER_CENT, THREE_DIGITS, between, count, judged, larger, sentence
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim

SIZES = ("width", "depth", "batch_size")
NAMES = {"none": "without batch norm", "batch": "with batch norm"}


def _on_the_slide(query: str, shown: str, activation: str, **more: Any) -> pd.DataFrame:
    """Return a row's query for the network that the page shows; empty where there is none on Gaussian inputs."""
    shape = lecture_network(shown, activation)
    if shape is None:
        return pd.DataFrame()
    return data.query(query, **{size: shape[size] for size in SIZES}, activation=activation, **more)


def _range(row: Any, name: str) -> tuple[float, float]:
    return row[f"{name}_low"], row[f"{name}_high"]


def _between(row: Any, name: str, form: str = THREE_DIGITS) -> str:
    return between(row[name], *_range(row, name), form)


def collapse_of_std(init: str, activation: str) -> str:
    """Say whether the activations become narrower from layer to layer."""
    found = _on_the_slide("lecture_04_too_small", init, activation, init=init)
    if len(found) < 2:
        return ""
    rows = [row for _, row in found.iterrows()]
    steps = [larger(_range(one, "std"), _range(other, "std")) for one, other in pairwise(rows)]
    narrower = False if False in steps else None if None in steps else True
    return sentence([f"that each layer is narrower than the one before {judged(narrower)}", _std_along(found)])


def _std_along(found: pd.DataFrame) -> str:
    """Say how wide the activations of the first and of the last layer are, and what theory says of the last."""
    first, last = found.iloc[0], found.iloc[-1]
    theory = f", theory {numeral(last['theory_std'])}" if pd.notna(last["theory_std"]) else ""
    return (
        f"the std goes from {_between(first, 'std')} in layer {first['layer']:.0f} to {_between(last, 'std')} in layer "
        f"{last['layer']:.0f}{theory}, over {count(last['seeds'], 'seed')}"
    )


def saturation(init: str, activation: str, healthy: str) -> str:
    """Say which share of the last layer is saturated, and what becomes of the gradient nevertheless.

    Args:
        init: initialization that is said to saturate.
        activation: activation.
        healthy: the one to compare with.
    """
    found = _on_the_slide("lecture_05_too_big", init, activation, init=init)
    usual = _on_the_slide("lecture_05_too_big", init, activation, init=healthy)
    if found.empty:
        return ""
    last, seeds = found.iloc[-1], count(found.iloc[-1]["seeds"], "seed")
    share = f"{_between(last, 'saturated', PER_CENT)} of layer {last['layer']:.0f} is saturated"
    words = [f"{share}, over {seeds}"]
    if len(usual):
        other = usual.iloc[-1]
        more = larger(_range(last, "saturated"), _range(other, "saturated"))
        beside = f"with {healthy} it is {_between(other, 'saturated', PER_CENT)}: that {init} saturates {judged(more)}"
        words = [f"{share}, {beside}, over {seeds}"]
    return sentence([*words, _gradient_nevertheless(init, activation)])


def _gradient_nevertheless(init: str, activation: str) -> str:
    """Say whether the gradient vanishes on its way back."""
    found = verdict_on(lecture_network(init, activation) or {}, init, activation)
    if found is None or pd.isna(found["backward_rate"]):
        return ""
    rate, limits = found["backward_rate"], data.thresholds()
    vanishes = rate < limits["too_small"]
    does = "shrinks" if vanishes else "grows" if rate > limits["too_big"] else "keeps its size"
    return (
        f"that the gradient as a whole vanishes {judged(bool(vanishes))}: on its way back it {does}, "
        f"×{numeral(rate)} per layer"
    )


def collapse() -> str:
    """Say by which factor the std falls in a layer."""
    found = _on_the_slide("lecture_07_relu_xavier", "xavier", "relu", init="xavier")
    if len(found) < 2:
        return ""
    last = found.iloc[-1]
    falls = [larger((1.0, 1.0), _range(row, "factor")) for _, row in found.iloc[1:].iterrows()]
    everywhere = False if False in falls else None if None in falls else True
    return sentence(
        [
            f"that the std falls in every layer {judged(everywhere)}",
            f"layer {last['layer']:.0f} has {_between(last, 'factor')} of the std before it, over "
            f"{count(last['seeds'], 'seed')}",
        ]
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
        f"{verbatim(row.init)} **{verbatim(row.verdict)}**, "
        f"×{between(row.growth, row.growth_low, row.growth_high)} per layer, "
        f"{between(row.saturated, row.saturated_low, row.saturated_high, PER_CENT)} of the last one saturated"
        for row in found.itertuples()
    ]
    return " ".join(filter(None, (_kept_std(init, "tanh"), sentence(words, seeds))))


def _kept_std(init: str, activation: str) -> str:
    """Say whether the std is the same in the last layer as in the first."""
    found = _on_the_slide("lecture_04_too_small", init, activation, init=init)
    if len(found) < 2:
        return ""
    falls = larger(_range(found.iloc[0], "std"), _range(found.iloc[-1], "std"))
    does = {True: "it falls", False: "it grows", None: "no change can be told from the scatter of the seeds"}[falls]
    return sentence([f"that the std stays the same to the letter {judged(falls is None)}: {does}", _std_along(found)])


def gradients() -> str:
    """Say by what the gradient changes up to the first layer, and how much that depends on the initialization."""
    shape = lecture_network("xavier", "relu", "batch", deepest=True)
    found = data.query("lecture_11_gradient_flow", **{size: shape[size] for size in SIZES}) if shape else pd.DataFrame()
    if found.empty:
        return ""
    assert shape is not None
    found = found[(found["activation"] == "relu") & found["norm"].isin(list(NAMES))].set_index("norm")
    words = [
        f"{NAMES[norm]} ×{between(*(10.0 ** row[f'decades_{name}'] for name in ('median', 'low', 'high')))} "
        f"over {count(row['networks'], 'network')}{_lost_gradients(row)}"
        for norm, row in found.iterrows()
    ]
    about = (
        f"gradient at the first of {shape['depth']} layers relative to the last, all initializations, median and range"
    )
    return " ".join(filter(None, (sentence(words, about), _independence(found))))


def _lost_gradients(row: pd.Series) -> str:
    return f", {row['vanished']:.0f} more vanish or overflow" if row["vanished"] else ""


def _independence(found: pd.DataFrame) -> str:
    """Say whether batch norm makes the gradient independent of the initialization, and whether it keeps its size."""
    if set(found.index) != set(NAMES):
        return ""
    plain, normed = found.loc["none"], found.loc["batch"]
    spreads = [math.inf if row["vanished"] or pd.isna(row["spread"]) else row["spread"] for row in (normed, plain)]
    less = None if spreads[0] == spreads[1] else bool(spreads[0] < spreads[1])
    far = [_apart(spread) for spread in spreads]
    words = [
        f"that batch norm makes the gradient independent of the initialization {judged(less)}: largest and smallest "
        f"are {far[0]} with it and {far[1]} without"
    ]
    if pd.notna(plain["flattest_decades"]) and pd.notna(normed["decades_median"]):
        flatter = bool(abs(normed["decades_median"]) < abs(plain["flattest_decades"]))
        words.append(
            f"that it keeps the gradient's size better than the best initialization without it {judged(flatter)}: "
            f"{plain['flattest_init']} alone keeps it at ×{numeral(10 ** plain['flattest_decades'])}"
        )
    return sentence(words)


def _apart(decades: float) -> str:
    return f"a factor {numeral(10**decades)} apart" if math.isfinite(decades) else "infinitely far apart"
