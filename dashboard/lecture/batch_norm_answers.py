"""What the named queries of rows L9 and L14–L16 say: judgments, the number that decides, and the answer."""

from typing import Any

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.dashboard.lecture.judgment import NOTHING, Judgment, Measured, Number, Sentence, judge, option
from goldilocks.dashboard.lecture.stated_claims import claims, deciding
from goldilocks.dashboard.lecture.wording import POINTS, count, plus_minus, positive
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim

# Up to here two results of float32 are the same but for rounding.
ROUNDING = 1e-4
# Answers to the rows' questions, from the least to the largest number, and what lies between them.
MOVED = ("in none", "in some", "in all")
TEST = {True: "it rises", None: "no difference can be told", False: "it falls"}
SLOWER, SLOWER_LIMITS = ("hardly longer", "up to twice as long", "more than twice as long"), (1.1, 2.0)
LOST, LOST_LIMITS = ("less than 5 points", "5 to 30 points", "more than 30 points"), (0.05, 0.3)


def learned_scale() -> Measured:
    """Say what γ and β become in each layer, and how well the layer can be the identity."""
    found = data.query("lecture_09_batch_norm")
    if found.empty:
        return NOTHING
    number = found["layer"].str.extract(r"(\d+)", expand=False).astype(int)
    found = found.assign(number=number).sort_values(["depth", "number"], kind="stable")
    words: list[str | Judgment] = [_scales(name, rows) for name, rows in found.groupby("activation", sort=False)]
    error = found["identity_error"].max()
    undone = None if pd.isna(error) else bool(error < ROUNDING)
    words.append(
        judge("that γ = √Var and β = E undo it", undone, f": the layer is the identity to {numeral(error, 1)} at worst")
    )
    decides = Number(numeral(error, 1), "is the largest error of the identity with γ = √Var and β = E")
    known = found[found["seeds"] > 0]
    share = _moved(known).mean() if len(known) else float("nan")
    return Measured((Sentence(words),), decides, option(MOVED, (0.0, 1 - 1e-9), share))


def _moved(known: pd.DataFrame) -> pd.Series:
    """Tell of each layer whether its mean γ leaves 1."""
    return (known["gamma"] - 1).abs() - known["gamma_margin"] > LEAST_MOVE


def _scales(activation: str, rows: pd.DataFrame) -> str:
    """Say which layers' γ leaves 1, and how far the one that goes farthest gets."""
    known = rows[rows["seeds"] > 0]
    if known.empty:
        return ""
    far = known.loc[(known["gamma"] - 1).abs().idxmax()]
    scatter = numeral(far["gamma_std"], 2)
    return (
        f"after {count(far['steps'], 'update')} with {activation}: the mean γ of {_moved(known).sum()} of "
        f"{count(len(known), 'layer')} leaves 1 by more than {LEAST_MOVE:.0%}; farthest is {far['layer']} with γ = "
        f"{plus_minus(far['gamma'], far['gamma_margin'])}, scattering by {scatter} from unit to unit, and β = "
        f"{plus_minus(far['beta'], far['beta_margin'])}, over {count(far['seeds'], 'seed')}"
    )


# By how much a mean γ must differ from 1 before it is said to leave it.
LEAST_MOVE = 0.01


def regularized() -> Measured:
    """Say what became of the claims on gaps, and what the test accuracy says beside them."""
    beside = _first_setting()
    first = deciding("lecture_14_claims")
    number = None
    if first is not None:
        number = Number(plus_minus(first["mean"], first["margin"]), f"is the difference in “{first['claim']}”")
    return Measured((claims("lecture_14_claims"), beside_the_gap(beside)), number, _in_small_batches(beside))


def _first_setting() -> pd.DataFrame:
    """Return what batch norm gains by batch size, on the seeds that confirm, of the first setting."""
    found = data.query("lecture_14_regularization")
    found = found[found["norm"] == "batch"]
    confirmed = found[found["evidence"] == "confirmation"]
    judged_on = confirmed if len(confirmed) else found
    if judged_on.empty:
        return judged_on
    setting = ["dataset", "network", "init", "activation", "depth", "width", "lr_per_example", "epochs"]
    first = judged_on.merge(judged_on[setting].drop_duplicates().head(1), on=setting)
    return first[first["seeds"] > 0].sort_values("batch_size")


def beside_the_gap(found: pd.DataFrame) -> Sentence:
    """Say for each batch size whether a smaller gap comes with a better test accuracy, or with a worse fit.

    Args:
        found: one row per batch size.
    """
    about = "but a gap is also small where training fits less; test accuracy with batch norm minus without"
    return Sentence([_beside(row) for row in found.itertuples()], about)


def _beside(row: Any) -> Judgment:
    kind, regularizes = _kind_of_gap(row)
    return Judgment(
        f"batches of {row.batch_size}: {plus_minus(row.test_gain, row.test_gain_margin, POINTS)} "
        f"({row.train_accuracy_with:.0%} of the training examples right, {row.train_accuracy_without:.0%} without), "
        f"**{kind}**",
        regularizes,
    )


def _kind_of_gap(row: Any) -> tuple[str, bool | None]:
    """Return what a gap means, and whether it means that batch norm regularizes."""
    smaller = positive(row.saved, row.saved_margin)
    better, fits = positive(row.test_gain, row.test_gain_margin), positive(row.train_gain, row.train_gain_margin)
    if not smaller:
        return "no smaller gap" if smaller is False else "no gap that is certainly smaller", smaller
    if better:
        return "a smaller gap and a better test: it regularizes", True
    if better is False:
        return "a smaller gap and a worse test: " + ("it underfits" if fits is False else "no gain"), False
    return "a smaller gap, the test no different", None


def _in_small_batches(found: pd.DataFrame) -> str:
    """Return what becomes of the test accuracy in the smallest batches."""
    if found.empty:
        return ""
    least = found.iloc[0]
    return TEST[positive(least["test_gain"], least["test_gain_margin"])]


def folded() -> Measured:
    """Say how different a folded network is, and how fast."""
    found = data.query("lecture_15_folding")
    if found.empty:
        return NOTHING
    difference = found["difference"].max()
    same = None if pd.isna(difference) else bool(difference < ROUNDING)
    because = f": logits differ by at most {numeral(difference, 1)} of the largest"
    words: list[str | Judgment] = [judge("that it folds into the layer before it", same, because)]
    each = found.drop_duplicates(["network", "width"])
    for row in each.itertuples():
        words += [_times(row), judge("that it costs nothing", _free(row))]
    timed = each.dropna(subset="folded_to_without")
    if timed.empty:
        return Measured((Sentence(words),))
    dearest = timed.loc[timed["folded_to_without"].idxmax()]
    number = Number(
        f"×{plus_minus(dearest['folded_to_without'], dearest['folded_to_without_margin'])}",
        f"is the time of a folded network relative to one without batch norm ({_named(dearest)})",
    )
    return Measured((Sentence(words),), number, option(SLOWER, SLOWER_LIMITS, each["unfolded_to_without"].max()))


def _named(row: Any) -> str:
    return f"{row.network.partition('(')[0]} of width {row.width}"


def _times(row: Any) -> str:
    folded = plus_minus(row.folded_to_without, row.folded_to_without_margin)
    unfolded = plus_minus(row.unfolded_to_without, row.unfolded_to_without_margin)
    return (
        f"{verbatim(_named(row))}: folded ×{folded} the time of a network without batch norm, unfolded ×{unfolded}, "
        f"{count(row.seeds, 'seed')}"
    )


def _free(row: Any) -> bool | None:
    """Tell whether a folded network takes no longer than one without batch norm, up to `NOTICEABLE`."""
    if pd.isna(row.folded_to_without_margin):
        return None
    excess, margin = row.folded_to_without - 1, row.folded_to_without_margin
    return True if excess + margin <= NOTICEABLE else False if excess - margin > 0 else None


# A share of the time that is not worth a word.
NOTICEABLE = 0.05


def wrong_mode() -> Measured:
    """Say what evaluating with the statistics of the batch costs, of mixed examples and of one class at a time."""
    found = data.query("lecture_16_train_and_test")
    found = found[(found["norm"] == "batch") & (found["seeds"] > 0)]
    if found.empty:
        return NOTHING
    setting = ["dataset", "network", "init", "activation", "depth", "width", "lr_per_example", "epochs"]
    found = found.merge(found[setting].head(1), on=setting).sort_values("batch_size", kind="stable")
    costs = [
        judge(
            f"in batches of {row.batch_size}",
            positive(row.cost, row.cost_margin),
            f", {plus_minus(row.cost, row.cost_margin, POINTS)} ({count(row.seeds, 'seed')})",
        )
        for row in found.itertuples()
    ]
    lagging = [_lagging(row) for row in found.itertuples() if positive(row.cost, row.cost_margin) is False]
    about = "that the wrong mode costs accuracy, right mode minus wrong"
    known = found.dropna(subset="sorted_cost")
    if known.empty:
        return Measured((Sentence(costs, about), *lagging))
    worst = known.loc[known["sorted_cost"].idxmax()]
    lost = plus_minus(worst["sorted_cost"], worst["sorted_cost_margin"], POINTS)
    number = Number(lost, f"are lost in the wrong mode on batches of {worst['batch_size']} of a single class each")
    return Measured(
        (Sentence(costs, about), _strongest(worst, lost, found["cost"].max()), *lagging),
        number,
        option(LOST, LOST_LIMITS, worst["sorted_cost"]),
    )


def _strongest(worst: pd.Series, lost: str, mixed: float) -> Sentence:
    """Say what batches of a single class cost where they cost most, and how that compares with mixed ones."""
    more = "more" if worst["sorted_cost"] > mixed else "not more"
    return Sentence(
        [
            f"batches of a single class each cost up to {lost}, in batches of {worst['batch_size']}: {more} than any "
            "mixed ones"
        ]
    )


def _lagging(row: Any) -> Sentence:
    """Say why the wrong mode may be the better one: running statistics that lag behind."""
    finding = f"in batches of {row.batch_size} the wrong mode is the better one"
    lag = row.mean_distance / row.sampling_distance
    if lag > LAGS:
        return Sentence(
            [
                f"{finding}: the running statistics lag behind the weights after so few updates, a batch's means lie "
                f"{numeral(row.mean_distance, 2)} standard deviations from them, {numeral(lag, 2)} times what sampling "
                "makes"
            ]
        )
    return Sentence([f"{finding}, although the running statistics do not lag behind"])


# How many times farther than sampling makes them the means of a batch lie from running statistics that lag behind.
LAGS = 2.0
