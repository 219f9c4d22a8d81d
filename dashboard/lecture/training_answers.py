"""What the named queries of rows L2, L3, L10, L12 and L13 say, in a sentence with interval and seeds."""

import pandas as pd

from dashboard import data
from dashboard.lecture.wording import PER_CENT, THREE_DIGITS, between, count, sentence

NAMES = {"none": "without batch norm", "batch": "with batch norm"}


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
    found = data.query("lecture_03_depth")
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
    found = data.query("lecture_10_depth_with_batch_norm")
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
    found = data.query("lecture_12_learning_rates")
    found = found[(found["activation"] == "relu") & found["norm"].isin(list(NAMES))]
    found = found[found["depth"] == found["depth"].max()]
    words = []
    for row in found.itertuples():
        largest = between(row.largest_rate, row.largest_rate_low, row.largest_rate_high)
        steps = between(row.steps_to_fast, row.steps_low, row.steps_high, ".0f")
        words.append(
            f"{count(row.depth, 'layer')} {NAMES[row.norm]}: largest rate that trains {largest}, updates until 90 % "
            f"{steps}, {count(row.seeds, 'seed')}"
        )
    return sentence(words)


def decades() -> str:
    """Say over how many powers of ten of the weights' scale networks train, with and without batch norm."""
    return sentence(
        f"{count(row.depth, 'layer')} {NAMES[row.norm]}: {_scales(row)} over {count(row.seeds, 'seed')}"
        for row in _scaled().itertuples()
    )


def _scaled() -> pd.DataFrame:
    found = data.query("lecture_13_weight_scale")
    return found[(found["activation"] == "relu") & found["norm"].isin(list(NAMES))]


def _scales(row) -> str:
    trained = between(row.trained, row.trained_low, row.trained_high, ".0f")
    spanned = between(row.decades, row.decades_low, row.decades_high, THREE_DIGITS)
    return f"{trained} of {row.scales} scales train, {spanned} decades"
