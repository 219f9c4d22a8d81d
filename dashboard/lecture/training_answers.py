"""What the named queries of rows L2, L3, L10, L12 and L13 say: judgments, the number that decides, and the answer."""

import math
from typing import Any

import pandas as pd

from goldilocks.dashboard import cell_filters, data, trains
from goldilocks.dashboard.lecture.judgment import NOTHING, Judgment, Measured, Number, Sentence, judge, option
from goldilocks.dashboard.lecture.wording import PER_CENT, POINTS, THREE_DIGITS, between, count, larger, plus_minus
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim
from goldilocks.store.reading.queries import Query

# What the queries pin, so that networks of different sizes and lengths of training are not pooled.
PINNED = ("dataset", "width", "batch_size", "steps")
NAMES = {"none": "without batch norm", "batch": "with batch norm"}
# The network of L2: small enough to see every unit.
ALIKE: dict[str, list[Any]] = {"depth": [1], "norm": ["none"], "activation": ["tanh"], "init": ["zeros", "xavier"]}
# The test accuracy to be reached fast.
FAST = 0.9
# At so many learning rates a seed must have been tried before its largest one means anything.
RATES = 5
# Answers to the rows' questions, from the least to the largest number, and what lies between them.
NOTHING_CHANGES = {True: "it is so", False: "something changes"}
DEPTHS, DEPTH_LIMITS = ("up to 4 layers, or none", "5 to 12 layers", "more than 12 layers"), (4.5, 12.5)
SHARES, SHARE_LIMITS = ("a tenth or less", "about a third", "more than half"), (0.15, 0.5)
DECADES, DECADE_LIMITS = ("one or less", "about two", "three or more"), (1.5, 2.5)
AHEAD = {True: "the one with batch norm", None: "neither", False: "the one without"}


def network() -> dict[str, Any]:
    """Return the network that the figures show, as parameters of a query that pins it."""
    largest = cell_filters.largest_network()
    return {axis: largest[axis][0] for axis in PINNED if axis in largest}


def pins(query: Query) -> bool:
    """Tell whether a named query takes the network that the figures show."""
    return set(PINNED) <= {parameter.name for parameter in query.parameters}


def symmetric() -> pd.DataFrame:
    """Return what became of zeros and of a random initialization, on the network that L2's figure shows."""
    found = data.query("lecture_02_symmetry", depth=ALIKE["depth"][0], norm=ALIKE["norm"][0])
    chosen = found[found["activation"].isin(ALIKE["activation"]) & found["init"].isin(ALIKE["init"])]
    return chosen.drop_duplicates("init")


def distinct_units() -> Measured:
    """Say how many different units zeros and a random initialization have, and how accurate they become."""
    found = symmetric()
    words: list[str | Judgment] = [
        f"{verbatim(row.init)}: {_of_units(row)} after {count(row.steps, 'update')}, the largest change of any weight "
        f"matrix {numeral(row.largest_change)}, test accuracy "
        f"{between(row.accuracy, row.accuracy_low, row.accuracy_high, PER_CENT)} over {count(row.seeds, 'seed')}"
        for row in found.itertuples()
    ]
    zeros = found[found["init"] == "zeros"]
    if zeros.empty:
        return Measured((Sentence(words),))
    row = zeros.iloc[0]
    nothing = None
    if pd.notna(row["distinct_after_high"]) and pd.notna(row["largest_change"]):
        nothing = bool(row["distinct_after_high"] == 1 and row["largest_change"] == 0)
    words.append(judge("that with zeros all units stay the same and their weights never change", nothing))
    number = Number(numeral(row["largest_change"]), "is the largest change of any weight matrix that began with zeros")
    answer = "" if nothing is None else NOTHING_CHANGES[nothing]
    return Measured((Sentence(words),), number, answer)


def _of_units(row: Any) -> str:
    low, high = row.distinct_after_low, row.distinct_after_high
    if pd.isna(low):
        return f"no finite output of {count(row.units, 'unit')}"
    return f"{low:.0f}{'' if low == high else f' to {high:.0f}'} different of {count(row.units, 'unit')}"


def shallow_and_deep() -> Measured:
    """Say how accurate the shallowest and the deepest network with small weights become."""
    found = data.query("lecture_03_depth", **network())
    found = found[found["activation"] == "relu"].sort_values("depth", kind="stable")
    if len(found) < 2:
        return NOTHING
    ends = [row for _, row in found.iloc[[0, -1]].iterrows()]
    told = [trains.of_seeds(row["share_that_train"], row["seeds"]) for row in ends]
    words = [
        f"std 0.05, {count(row['depth'], 'layer')}: accuracy "
        f"{between(row['accuracy'], row['accuracy_low'], row['accuracy_high'], PER_CENT)}, {seeds} seeds train"
        for row, seeds in zip(ends, told, strict=True)
    ]
    shallow, deep = (row["share_that_train"] for row in ends)
    holds = True if (shallow, deep) == (1, 0) else False if shallow <= deep else None
    claim = judge("that they work in the shallow network and fail in the deep one", holds)
    layers = [count(row["depth"], "layer") for row in ends]
    number = Number(f"{told[1]} seeds", f"train with {layers[1]}; with {layers[0]}, {told[0]}")
    every_seed = (found["share_that_train"] == 1).cummin()
    deepest = found["depth"][every_seed].max() if every_seed.any() else 0
    return Measured((Sentence([*words, claim]),), number, option(DEPTHS, DEPTH_LIMITS, deepest))


def shares_that_train(depth: int) -> Measured:
    """Say from how many initializations networks train at a depth, with and without batch norm.

    Args:
        depth: hidden layers.
    """
    found = data.query("lecture_10_depth_with_batch_norm", **network())
    found = found[(found["activation"] == "relu") & (found["depth"] == depth) & found["norm"].isin(list(NAMES))]
    words: list[str | Judgment] = [
        f"{NAMES[row.norm]} {between(row.share_that_train, row.share_low, row.share_high, PER_CENT)} of "
        f"{count(row.networks, 'network')} train"
        for row in found.itertuples()
    ]
    number, easier = None, found[found["norm"] == "batch"].dropna(subset="gain")
    for row in easier.itertuples():
        gain = f"{between(row.gain, row.gain_low, row.gain_high, POINTS)} points"
        holds = larger((row.gain_low, row.gain_high), (0.0, 0.0))
        words.append(judge("that batch norm makes them easier to train", holds, f", difference {gain}"))
        number = Number(gain, f"more of all networks of {count(depth, 'layer')} train with batch norm than without")
    shares = found.set_index("norm")["share_that_train"]
    without = option(SHARES, SHARE_LIMITS, shares["none"]) if "none" in shares else ""
    about = f"{depth} layers, all initializations and seeds"
    return Measured((Sentence(words, about),), number, without)


def rates() -> Measured:
    """Say up to which rate the deepest network trains, and how fast, with and without batch norm."""
    found = swept()
    depths = depths_on_both_sides(found)
    if not depths:
        return NOTHING
    depth = max(depths)
    words = [
        f"{NAMES[row.norm]} {between(row.largest_rate, row.largest_rate_low, row.largest_rate_high)}, {_fast(row)}, "
        f"{count(row.seeds, 'seed')}"
        for row in found[found["depth"] == depth].itertuples()
    ]
    about = (
        f"{count(depth, 'layer')}, the largest rate that still trains, median and range of the seeds that were "
        f"tried at {RATES} rates or more"
    )
    sides = found[found["depth"] == depth].set_index("norm")
    normed, plain = sides.loc["batch"], sides.loc["none"]
    claims = [
        judge("that batch norm allows higher rates", _higher(normed, plain)),
        judge("that it converges faster, each at its fastest rate,", _faster(normed, plain)),
    ]
    reached = {norm: _largest_rate(row) for norm, row in sides.iterrows()}
    number = Number(
        reached["batch"], f"is the largest rate at which {count(depth, 'layer')} train with batch norm; without, "
        f"{reached['none']}",
    )  # fmt: skip
    by = gains_by_rate(depth)
    return Measured((Sentence(words, about), Sentence(claims), by_rate(by)), number, _ahead(by))


def _largest_rate(row: pd.Series) -> str:
    return between(row["largest_rate"], row["largest_rate_low"], row["largest_rate_high"])


def _higher(normed: pd.Series, plain: pd.Series) -> bool | None:
    """Tell whether every seed trains at a higher rate with batch norm than any without; who never trains has rate 0."""
    return larger(*(_reached(row, "largest_rate", "seeds_that_train", never=0.0) for row in (normed, plain)))


def _faster(normed: pd.Series, plain: pd.Series) -> bool | None:
    """Tell whether every seed is faster with batch norm than any without; who never gets there takes for ever."""
    return larger(*(_reached(row, "steps", "seeds_that_are_fast", never=math.inf) for row in (plain, normed)))


def _reached(row: pd.Series, name: str, counted: str, never: float) -> tuple[float, float]:
    """Return the range over all seeds, among them those that never reach it."""
    ends = [row[f"{name}_low"], row[f"{name}_high"]] if row[counted] else []
    ends += [never] if row[counted] < row["seeds"] else []
    return min(ends), max(ends)


def gains_by_rate(depth: int) -> pd.DataFrame:
    """Return what batch norm gains at each learning rate, in the seeds that do not diverge.

    Args:
        depth: hidden layers.
    """
    found = data.query("lecture_12_by_rate", **network())
    return found[(found["activation"] == "relu") & (found["depth"] == depth) & (found["seeds"] > 0)]


def by_rate(found: pd.DataFrame) -> Sentence:
    """Say at which rates batch norm ends higher in every seed, and at which lower.

    Args:
        found: from `gains_by_rate`.
    """
    lower, higher = found[found["gain_high"] < 0], found[found["gain_low"] > 0]
    words = [
        f"{word} at {_rates(rows)}"
        for word, rows in (("higher", higher), ("lower (it learns more slowly)", lower))
        if len(rows)
    ]
    return Sentence(words, "at one and the same rate batch norm ends, in every seed that does not diverge")


def _ahead(found: pd.DataFrame) -> str:
    """Return which network ends higher in every seed at the smallest learning rate."""
    if found.empty:
        return ""
    least = found.loc[found["lr"].idxmin()]
    return AHEAD[larger((least["gain_low"], least["gain_high"]), (0.0, 0.0))]


def _rates(rows: pd.DataFrame) -> str:
    return ", ".join(
        f"{row.lr:g} ({plus_minus(row.gain, float('nan'), POINTS)}, {count(row.seeds, 'seed')})"
        for row in rows.itertuples()
    )


def _fast(row) -> str:
    if pd.isna(row.steps_to_fast):
        return f"{FAST:.0%} at no rate"
    return f"{FAST:.0%} after {between(row.steps_to_fast, row.steps_low, row.steps_high, '.0f')} updates"


def swept() -> pd.DataFrame:
    """Return the largest rates that train, by depth and normalization, on the network that the figure shows."""
    found = data.query("lecture_12_learning_rates", **network(), fast=FAST, rates=RATES)
    return found[(found["activation"] == "relu") & found["norm"].isin(list(NAMES))]


def depths_on_both_sides(found: pd.DataFrame) -> list[int]:
    """Return the depths with rows both with and without batch norm.

    Args:
        found: rows with depth and norm.
    """
    sides = found[found["norm"].isin(list(NAMES))].groupby("depth")["norm"].nunique()
    return sides.index[sides == len(NAMES)].tolist()


def decades() -> Measured:
    """Say over how many powers of ten of the weights' scale networks train, with and without batch norm."""
    found = scaled()
    words: list[str | Judgment] = [
        f"{count(row.depth, 'layer')} {NAMES[row.norm]}: {_scales(row)} over {count(row.seeds, 'seed')}"
        for row in found.itertuples()
    ]
    for depth in depths_on_both_sides(found):
        sides = found[found["depth"] == depth].set_index("norm")
        ranges = [(sides["decades_low"][norm], sides["decades_high"][norm]) for norm in ("batch", "none")]
        wider = larger(ranges[0], ranges[1])
        words.append(judge("that batch norm widens the range of scales that train", wider))
    normed = found[found["norm"] == "batch"]
    if normed.empty:
        return Measured((Sentence(words),))
    row = normed.loc[normed["depth"].idxmax()]
    plain = found[(found["norm"] == "none") & (found["depth"] == row["depth"])]
    without = f"; without, {numeral(plain.iloc[0]['decades'])}" if len(plain) else ""
    number = Number(
        f"{_decades(row)} decades",
        f"of scales train with batch norm in {count(row['depth'], 'layer')}{without}",
    )
    return Measured((Sentence(words),), number, option(DECADES, DECADE_LIMITS, row["decades"]))


def scaled() -> pd.DataFrame:
    """Return over how many scales networks train, by depth and normalization, on the network that the figure shows."""
    found = data.query("lecture_13_weight_scale", **network())
    return found[(found["activation"] == "relu") & found["norm"].isin(list(NAMES))]


def _scales(row: Any) -> str:
    trained = between(row.trained, row.trained_low, row.trained_high, ".0f")
    return f"{trained} of {row.scales} scales train, {_decades(row)} decades"


def _decades(row: Any) -> str:
    return between(row.decades, row.decades_low, row.decades_high, THREE_DIGITS)
