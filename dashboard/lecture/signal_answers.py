"""What the named queries of rows L4–L8 and L11 say: judgments, the number that decides, and the answer."""

import math
from itertools import pairwise
from typing import Any

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.dashboard.lecture.judgment import NOTHING, Judgment, Measured, Number, Sentence, every, judge, option
from goldilocks.dashboard.lecture.networks import lecture_network, verdict_on
from goldilocks.dashboard.lecture.wording import PER_CENT, THREE_DIGITS, between, count, larger
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim

SIZES = ("width", "depth", "batch_size")
NAMES = {"none": "without batch norm", "batch": "with batch norm"}
JUST_RIGHT = "just right"
# Answers to the rows' questions, from the least to the largest number, and what lies between them.
GRADIENT = ("it shrinks", "it keeps its size", "it grows")
# The store's verdicts on a signal, as answers.
SIGNAL = {"too small": "it dies out", JUST_RIGHT: "it stays as it is", "too big": "it is too strong"}
FACTOR, FACTOR_LIMITS = ("about ½", "about 0.7", "about 0.9", "1 or more"), (0.6, 0.8, 0.98)
SLIPPED, SLIPPED_LIMITS = ("as much as before", "a million times as much", "10¹² times as much, or more"), (10.0, 1e9)
# What a gradient gains or loses over all layers before it is said to grow or to shrink.
TWICE = 2.0


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


def _ratio(one: float, other: float) -> float:
    return one / other if other else math.nan


def collapse_of_std(init: str, activation: str) -> Measured:
    """Say whether the activations become narrower from layer to layer."""
    found = _on_the_slide("lecture_04_too_small", init, activation, init=init)
    if len(found) < 2:
        return NOTHING
    steps = [
        larger(_range(one, "std"), _range(other, "std"))
        for one, other in pairwise([row for _, row in found.iterrows()])
    ]
    narrower = judge("that each layer is narrower than the one before", every(steps))
    return Measured((Sentence([narrower, _std_along(found)]),), _last_std(found), _on_its_way_back(init, activation)[1])


def _on_its_way_back(init: str, activation: str) -> tuple[float, str]:
    """Return by what the gradient changes per layer on its way back, and what that is called."""
    found = verdict_on(lecture_network(init, activation) or {}, init, activation)
    if found is None or pd.isna(found["backward_rate"]):
        return math.nan, ""
    limits = data.thresholds()
    rate = found["backward_rate"]
    return rate, option(GRADIENT, (limits["too_small"], limits["too_big"]), rate)


def _std_along(found: pd.DataFrame) -> str:
    """Say how wide the activations of the first and of the last layer are, and what theory says of the last."""
    first, last = found.iloc[0], found.iloc[-1]
    theory = f", theory {numeral(last['theory_std'])}" if pd.notna(last["theory_std"]) else ""
    return (
        f"the std goes from {_between(first, 'std')} in layer {first['layer']:.0f} to {_between(last, 'std')} in layer "
        f"{last['layer']:.0f}{theory}, over {count(last['seeds'], 'seed')}"
    )


def _last_std(found: pd.DataFrame) -> Number:
    first, last = found.iloc[0], found.iloc[-1]
    meaning = f"is the std in layer {last['layer']:.0f}; in layer {first['layer']:.0f} it is {numeral(first['std'])}"
    return Number(_between(last, "std"), meaning)


def saturation(init: str, activation: str, healthy: str) -> Measured:
    """Say which share of the last layer is saturated, and what becomes of the gradient nevertheless.

    Args:
        init: initialization that is said to saturate.
        activation: activation.
        healthy: the one to compare with.
    """
    found = _on_the_slide("lecture_05_too_big", init, activation, init=init)
    usual = _on_the_slide("lecture_05_too_big", init, activation, init=healthy)
    if found.empty:
        return NOTHING
    last, seeds = found.iloc[-1], count(found.iloc[-1]["seeds"], "seed")
    share = f"{_between(last, 'saturated', PER_CENT)} of layer {last['layer']:.0f} is saturated"
    number = Number(_between(last, "saturated", PER_CENT), f"of layer {last['layer']:.0f} is saturated")
    words: list[str | Judgment] = [f"{share}, over {seeds}"]
    if len(usual):
        other = usual.iloc[-1]
        more = larger(_range(last, "saturated"), _range(other, "saturated"))
        beside = f", with {healthy} it is {_between(other, 'saturated', PER_CENT)}, over {seeds}"
        words = [judge(f"that {init} saturates", more, f": {share}{beside}")]
    rate, does = _on_its_way_back(init, activation)
    if not does:
        return Measured((Sentence(words),), number)
    because = f": on its way back {does}, ×{numeral(rate)} per layer"
    words.append(judge("that the gradient as a whole vanishes", does == GRADIENT[0], because))
    number = Number(
        f"×{numeral(rate)}",
        f"per layer is what the gradient changes by on its way back, where {number.value} {number.meaning}",
    )
    return Measured((Sentence(words),), number, does)


def collapse() -> Measured:
    """Say by which factor the std falls in a layer."""
    found = _on_the_slide("lecture_07_relu_xavier", "xavier", "relu", init="xavier")
    if len(found) < 2:
        return NOTHING
    last = found.iloc[-1]
    falls = every(larger((1.0, 1.0), _range(row, "factor")) for _, row in found.iloc[1:].iterrows())
    factor, layer = _between(last, "factor"), f"{last['layer']:.0f}"
    words: list[str | Judgment] = [
        judge("that the std falls in every layer", falls),
        f"layer {layer} has {factor} of the std before it, over {count(last['seeds'], 'seed')}",
    ]
    number = Number(f"×{factor}", f"is what layer {layer} makes of the std before it")
    return Measured((Sentence(words),), number, option(FACTOR, FACTOR_LIMITS, last["factor"]))


def slip() -> Measured:
    """Say where Kaiming's std stays, and what the slip makes of it."""
    found = _on_the_slide("lecture_08_kaiming", "kaiming", "relu")
    last = {init: rows.iloc[-1] for init, rows in found.groupby("init", sort=False)} if len(found) else {}
    if "kaiming" not in last:
        return NOTHING
    right = last["kaiming"]
    words = [judge("that kaiming is just right", _is_just_right(right["verdict"]), f": {_last_layer(right)}")]
    number = Number(_between(right, "std"), f"is the std in layer {right['layer']:.0f} with kaiming")
    if "kaiming_slip" not in last:
        return Measured((Sentence(words),), number)
    wrong = last["kaiming_slip"]
    fine = _is_just_right(wrong["verdict"])
    words.append(
        judge("that dividing is a slip", None if fine is None else not fine, f": of kaiming_slip {_last_layer(wrong)}")
    )
    slipped = math.inf if wrong["overflowed"] else _ratio(wrong["std"], right["std"])
    became = "overflows" if wrong["overflowed"] else f"is {numeral(wrong['std'])}"
    number = Number(number.value, f"{number.meaning}; with the slip it {became}")
    return Measured((Sentence(words),), number, option(SLIPPED, SLIPPED_LIMITS, slipped))


def _is_just_right(verdict: Any) -> bool | None:
    return verdict == JUST_RIGHT if isinstance(verdict, str) else None


def _last_layer(row: Any) -> str:
    """Say how wide the activations of a last layer are, or in how many seeds they overflow."""
    seeds = count(row["seeds"], "seed")
    if row["overflowed"]:
        return f"layer {row['layer']:.0f} overflows in {row['overflowed']:.0f} of {seeds}"
    return f"layer {row['layer']:.0f} has a std of {_between(row, 'std')} over {seeds}"


def fan_in(init: str) -> Measured:
    """Say what a fan-in of the whole filter does, fully connected and in convolutions, and one of the channels alone.

    Args:
        init: initialization with the right fan-in.
    """
    found = data.query("lecture_06_convolution")
    found = found[found["init"].str.startswith(init) & (found["activation"] == "tanh")]
    seeds = "" if found.empty else f"convolutions with tanh, {count(found['seeds'].max(), 'seed')}"
    convolutions = Sentence([_of_filters(row, row.init == init) for row in found.itertuples()], seeds)
    mistaken = found.loc[found["init"] != init, "verdict"]
    answer = SIGNAL.get(mistaken.iloc[0], "") if len(mistaken) else ""
    slide = _on_the_slide("lecture_04_too_small", init, "tanh", init=init)
    if len(slide) < 2:
        return Measured((convolutions,), answer=answer)
    falls = larger(_range(slide.iloc[0], "std"), _range(slide.iloc[-1], "std"))
    does = {True: "it falls", False: "it grows", None: "no change can be told from the scatter of the seeds"}[falls]
    kept = judge("that the std stays the same to the letter", falls is None, f": {does}")
    words: list[str | Judgment] = [kept, _std_along(slide)]
    told = verdict_on(lecture_network(init, "tanh") or {}, init, "tanh")
    if told is not None:
        words.append(judge(f"that {init} is just right for tanh", _is_just_right(told["verdict"])))
    return Measured((Sentence(words), convolutions), _last_std(slide), answer)


def _of_filters(row: Any, right: bool) -> Judgment:
    """Judge an initialization of convolutions.

    Args:
        row: of the query.
        right: whether it counts the whole filter.
    """
    fine = _is_just_right(row.verdict)
    return judge(
        f"that {verbatim(row.init)} is {'' if right else 'not '}just right",
        None if fine is None else fine == right,
        f": {verbatim(row.verdict)}, ×{between(row.growth, row.growth_low, row.growth_high)} per layer, "
        f"{between(row.saturated, row.saturated_low, row.saturated_high, PER_CENT)} of the last one saturated",
    )


def gradients() -> Measured:
    """Say by what the gradient changes up to the first layer, and how much that depends on the initialization."""
    shape = lecture_network("xavier", "relu", "batch", deepest=True)
    found = data.query("lecture_11_gradient_flow", **{size: shape[size] for size in SIZES}) if shape else pd.DataFrame()
    if found.empty:
        return NOTHING
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
    if set(found.index) != set(NAMES):
        return Measured((Sentence(words, about),))
    apart = {norm: _spread(row) for norm, row in found.iterrows()}
    number = Number(
        _apart(apart["batch"]),
        f"are gradients of different initializations with batch norm; without, {_apart(apart['none'])}",
    )
    grown = 10.0 ** found.loc["batch", "decades_median"]
    answer = option(GRADIENT, (1 / TWICE, TWICE), grown)
    return Measured((Sentence(words, about), _independence(found, apart)), number, answer)


def _lost_gradients(row: pd.Series) -> str:
    return f", {row['vanished']:.0f} more vanish or overflow" if row["vanished"] else ""


def _spread(row: pd.Series) -> float:
    """Return by how many powers of ten the largest and the smallest gradient differ."""
    return math.inf if row["vanished"] or pd.isna(row["spread"]) else row["spread"]


def _independence(found: pd.DataFrame, apart: dict[str, float]) -> Sentence:
    """Say whether batch norm makes the gradient independent of the initialization, and whether it keeps its size."""
    plain, normed = found.loc["none"], found.loc["batch"]
    less = None if apart["batch"] == apart["none"] else bool(apart["batch"] < apart["none"])
    words = [
        judge(
            "that batch norm makes the gradient independent of the initialization",
            less,
            f": largest and smallest are {_apart(apart['batch'])} with it and {_apart(apart['none'])} without",
        )
    ]
    if pd.notna(plain["flattest_decades"]) and pd.notna(normed["decades_median"]):
        flatter = bool(abs(normed["decades_median"]) < abs(plain["flattest_decades"]))
        alone = f": {plain['flattest_init']} alone keeps it at ×{numeral(10 ** plain['flattest_decades'])}"
        words.append(
            judge("that it keeps the gradient's size better than the best initialization without it", flatter, alone)
        )
    return Sentence(words)


def _apart(decades: float) -> str:
    return f"a factor {numeral(10**decades)} apart" if math.isfinite(decades) else "infinitely far apart"
