"""What the named queries of rows L2, L3, L10, L12 and L13 say, in a sentence with interval and seeds."""

from typing import Any

import pandas as pd

from dashboard import choice, data
from dashboard.lecture.wording import PER_CENT, THREE_DIGITS, between, count, sentence
from store.queries import Query

# What the queries pin, so that networks of different sizes and lengths of training are not pooled.
PINNED = ("dataset", "width", "batch_size", "steps")
NAMES = {"none": "without batch norm", "batch": "with batch norm"}
# The test accuracy to be reached fast.
FAST = 0.9


def network() -> dict[str, Any]:
    """Return the network that the figures show, as parameters of a query that pins it."""
    largest = choice.largest_network()
    return {axis: largest[axis][0] for axis in PINNED if axis in largest}


def pins(query: Query) -> bool:
    """Tell whether a named query takes the network that the figures show."""
    return set(PINNED) <= {parameter.name for parameter in query.parameters}


def distinct_units() -> str:
    """Say how many different units zeros and a random initialization have, and how accurate they become."""
    found = data.query("lecture_02_symmetry")
    found = found[(found["activation"] == "tanh") & found["init"].isin(["zeros", "xavier"])]
    return sentence(
        f"{row.init}: {row.distinct_after_low:.0f} different of {count(row.units, 'unit')} after training, accuracy "
        f"{between(row.accuracy, row.accuracy_low, row.accuracy_high, PER_CENT)} over {count(row.seeds, 'seed')}"
        for row in found.itertuples()
    )


def shallow_and_deep() -> str:
    """Say how accurate the shallowest and the deepest network with small weights become."""
    found = data.query("lecture_03_depth", **network())
    found = found[found["activation"] == "relu"]
    if len(found) < 2:
        return ""
    return sentence(
        f"std 0.05, {count(row.depth, 'layer')}: accuracy "
        f"{between(row.accuracy, row.accuracy_low, row.accuracy_high, PER_CENT)} over {count(row.seeds, 'seed')}"
        for row in found.iloc[[0, -1]].itertuples()
    )


def shares_that_train(depth: int) -> str:
    """Say from how many initializations networks train at a depth, with and without batch norm.

    Args:
        depth: hidden layers.
    """
    found = data.query("lecture_10_depth_with_batch_norm", **network())
    found = found[(found["activation"] == "relu") & (found["depth"] == depth) & found["norm"].isin(list(NAMES))]
    return sentence(
        (
            f"{NAMES[row.norm]} {between(row.share_that_train, row.share_low, row.share_high, PER_CENT)} of "
            f"{count(row.networks, 'network')} train"
            for row in found.itertuples()
        ),
        f"{depth} layers, all initializations and seeds",
    )


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
    about = f"{count(max(depths), 'layer')}, the largest rate that still trains, median and range of the seeds"
    return sentence(words, about)


def _fast(row) -> str:
    if pd.isna(row.steps_to_fast):
        return f"{FAST:.0%} at no rate"
    return f"{FAST:.0%} after {between(row.steps_to_fast, row.steps_low, row.steps_high, '.0f')} updates"


def swept() -> pd.DataFrame:
    """Return the largest rates that train, by depth and normalization, on the network that the figure shows."""
    found = data.query("lecture_12_learning_rates", **network(), fast=FAST)
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
    return sentence(
        f"{count(row.depth, 'layer')} {NAMES[row.norm]}: {_scales(row)} over {count(row.seeds, 'seed')}"
        for row in scaled().itertuples()
    )


def scaled() -> pd.DataFrame:
    """Return over how many scales networks train, by depth and normalization, on the network that the figure shows."""
    found = data.query("lecture_13_weight_scale", **network())
    return found[(found["activation"] == "relu") & found["norm"].isin(list(NAMES))]


def _scales(row) -> str:
    trained = between(row.trained, row.trained_low, row.trained_high, ".0f")
    spanned = between(row.decades, row.decades_low, row.decades_high, THREE_DIGITS)
    return f"{trained} of {row.scales} scales train, {spanned} decades"
