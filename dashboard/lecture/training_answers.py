"""What the named queries of rows L2, L3, L10, L12 and L13 say, in a sentence with interval and seeds."""

import math
from typing import Any

import pandas as pd

from goldilocks.dashboard import cell_filters, data, trains
from goldilocks.dashboard.lecture.wording import (
    PER_CENT,
    POINTS,
    THREE_DIGITS,
    between,
    count,
    judged,
    larger,
    plus_minus,
    sentence,
)
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


def distinct_units() -> str:
    """Say how many different units zeros and a random initialization have, and how accurate they become."""
    found = symmetric()
    words = [
        f"{verbatim(row.init)}: {_of_units(row)} after {count(row.steps, 'update')}, the largest change of any weight "
        f"matrix {numeral(row.largest_change)}, test accuracy "
        f"{between(row.accuracy, row.accuracy_low, row.accuracy_high, PER_CENT)} over {count(row.seeds, 'seed')}"
        for row in found.itertuples()
    ]
    zeros = found[found["init"] == "zeros"]
    if len(zeros):
        row = zeros.iloc[0]
        nothing = None
        if pd.notna(row["distinct_after_high"]) and pd.notna(row["largest_change"]):
            nothing = bool(row["distinct_after_high"] == 1 and row["largest_change"] == 0)
        words.append(f"that with zeros all units stay the same and their weights never change {judged(nothing)}")
    return sentence(words)


def _of_units(row: Any) -> str:
    low, high = row.distinct_after_low, row.distinct_after_high
    if pd.isna(low):
        return f"no finite output of {count(row.units, 'unit')}"
    return f"{low:.0f}{'' if low == high else f' to {high:.0f}'} different of {count(row.units, 'unit')}"


def shallow_and_deep() -> str:
    """Say how accurate the shallowest and the deepest network with small weights become."""
    found = data.query("lecture_03_depth", **network())
    found = found[found["activation"] == "relu"]
    if len(found) < 2:
        return ""
    words = [
        f"std 0.05, {count(row.depth, 'layer')}: accuracy "
        f"{between(row.accuracy, row.accuracy_low, row.accuracy_high, PER_CENT)}, "
        f"{trains.of_seeds(row.share_that_train, row.seeds)} seeds train"
        for row in found.iloc[[0, -1]].itertuples()
    ]
    shallow, deep = found.iloc[0]["share_that_train"], found.iloc[-1]["share_that_train"]
    holds = True if (shallow, deep) == (1, 0) else False if shallow <= deep else None
    return sentence([*words, f"that they work in the shallow network and fail in the deep one {judged(holds)}"])


def shares_that_train(depth: int) -> str:
    """Say from how many initializations networks train at a depth, with and without batch norm.

    Args:
        depth: hidden layers.
    """
    found = data.query("lecture_10_depth_with_batch_norm", **network())
    found = found[(found["activation"] == "relu") & (found["depth"] == depth) & found["norm"].isin(list(NAMES))]
    words = [
        f"{NAMES[row.norm]} {between(row.share_that_train, row.share_low, row.share_high, PER_CENT)} of "
        f"{count(row.networks, 'network')} train"
        for row in found.itertuples()
    ]
    for row in found[found["norm"] == "batch"].dropna(subset="gain").itertuples():
        words.append(
            f"that batch norm makes them easier to train {judged(larger((row.gain_low, row.gain_high), (0.0, 0.0)))}, "
            f"difference {between(row.gain, row.gain_low, row.gain_high, POINTS)} points"
        )
    return sentence(words, f"{depth} layers, all initializations and seeds")


def rates() -> str:
    """Say up to which rate the deepest network trains, and how fast, with and without batch norm."""
    found = swept()
    depths = depths_on_both_sides(found)
    if not depths:
        return ""
    words = [
        f"{NAMES[row.norm]} {between(row.largest_rate, row.largest_rate_low, row.largest_rate_high)}, {_fast(row)}, "
        f"{count(row.seeds, 'seed')}"
        for row in found[found["depth"] == max(depths)].itertuples()
    ]
    about = (
        f"{count(max(depths), 'layer')}, the largest rate that still trains, median and range of the seeds that were "
        f"tried at {RATES} rates or more"
    )
    sides = found[found["depth"] == max(depths)].set_index("norm")
    claims = [
        f"that batch norm allows higher rates {judged(_higher(sides.loc['batch'], sides.loc['none']))}",
        f"that it converges faster, each at its fastest rate, {judged(_faster(sides.loc['batch'], sides.loc['none']))}",
    ]
    return " ".join(filter(None, (sentence(words, about), sentence(claims), by_rate(max(depths)))))


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


def by_rate(depth: int) -> str:
    """Say at which rates batch norm ends higher in every seed, and at which lower.

    Args:
        depth: hidden layers.
    """
    found = data.query("lecture_12_by_rate", **network())
    found = found[(found["activation"] == "relu") & (found["depth"] == depth) & (found["seeds"] > 0)]
    lower, higher = found[found["gain_high"] < 0], found[found["gain_low"] > 0]
    words = [
        f"{word} at {_rates(rows)}"
        for word, rows in (("higher", higher), ("lower (it learns more slowly)", lower))
        if len(rows)
    ]
    return sentence(words, "at one and the same rate batch norm ends, in every seed that does not diverge")


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


def decades() -> str:
    """Say over how many powers of ten of the weights' scale networks train, with and without batch norm."""
    found = scaled()
    words = [
        f"{count(row.depth, 'layer')} {NAMES[row.norm]}: {_scales(row)} over {count(row.seeds, 'seed')}"
        for row in found.itertuples()
    ]
    for depth in depths_on_both_sides(found):
        sides = found[found["depth"] == depth].set_index("norm")
        ranges = [(sides["decades_low"][norm], sides["decades_high"][norm]) for norm in ("batch", "none")]
        wider = larger(ranges[0], ranges[1])
        words.append(f"that batch norm widens the range of scales that train {judged(wider)}")
    return sentence(words)


def scaled() -> pd.DataFrame:
    """Return over how many scales networks train, by depth and normalization, on the network that the figure shows."""
    found = data.query("lecture_13_weight_scale", **network())
    return found[(found["activation"] == "relu") & found["norm"].isin(list(NAMES))]


def _scales(row) -> str:
    trained = between(row.trained, row.trained_low, row.trained_high, ".0f")
    spanned = between(row.decades, row.decades_low, row.decades_high, THREE_DIGITS)
    return f"{trained} of {row.scales} scales train, {spanned} decades"
