"""What the named queries of rows L1, L9 and L14–L17 say, in a sentence with interval and seeds."""

from typing import Any

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.dashboard.lecture.wording import (
    PER_CENT,
    POINTS,
    between,
    count,
    judged,
    larger,
    plus_minus,
    positive,
    sentence,
)
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim


def sensitivity() -> str:
    """Say what a small change of W costs under each pipeline on real data, and how ill-conditioned the loss is."""
    found = data.query("lecture_01_preprocessing")
    found = found[(found["dataset"] != "cloud") & ~found["preprocessing"].str.contains("(", regex=False)]
    if found.empty:
        return ""
    found = found[found["dataset"] == found["dataset"].iloc[0]]
    words = [
        f"{verbatim(row.preprocessing)} ×{between(row.loss_factor, row.loss_factor_low, row.loss_factor_high)}, "
        f"condition number {numeral(row.condition_number)}"
        for row in found.itertuples()
    ]
    about = (
        f"a random change of W by a tenth multiplies the loss on {found['dataset'].iloc[0]} (mean, 95 % of directions, "
        f"{count(found['seeds'].max(), 'seed')})"
    )
    return " ".join(filter(None, (sentence([*words, _less_sensitive(found)], about), centring())))


def _less_sensitive(found: pd.DataFrame) -> str:
    """Say whether the loss is less sensitive after normalizing."""
    by_name = found.set_index("preprocessing")
    if not {"raw", "standardize"} <= set(by_name.index):
        return ""
    raw, normalized = (
        (row["loss_factor_low"], row["loss_factor_high"]) for row in (by_name.loc["raw"], by_name.loc["standardize"])
    )
    return f"that normalizing makes the loss less sensitive {judged(larger(raw, normalized))}"


def centring() -> str:
    """Say, for each set of images, whether it is enough to centre them."""
    found = data.query("lecture_01_centring")
    images = found[found["dataset"] != "cloud"]
    # A row is a classifier beside a network: each is named once.
    classifier, network = ["condition_gain", "factor_centred", "factor_standardized"], ["batch_size", "steps"]
    loss = [
        f"{row.dataset} {judged(ENOUGH[row.for_the_loss])}, standardizing as well divides it by "
        f"{numeral(row.condition_gain)} and the change of W multiplies the loss by {numeral(row.factor_centred)} "
        f"before, {numeral(row.factor_standardized)} after"
        for row in images.dropna(subset="for_the_loss").drop_duplicates(["dataset", *classifier]).itertuples()
    ]
    training = [
        f"{row.dataset} {judged(ENOUGH.get(row.for_training))}, standardizing gains "
        f"{plus_minus(row.gain, row.gain_margin, POINTS)} of test accuracy ({count(row.seeds, 'seed')})"
        for row in images.dropna(subset="for_training").drop_duplicates(["dataset", *network]).itertuples()
    ]
    claims = (
        sentence(loss, "that centring alone is enough for images, for the condition number of the loss"),
        sentence(training, "the same for a deep network, each at its best rate"),
    )
    return " ".join(filter(None, claims))


# What the query says of centring, as a claim that it is enough.
ENOUGH = {"enough": True, "not enough": False}


def learned_scale() -> str:
    """Say what γ and β become in each layer, and how well the layer can be the identity."""
    found = data.query("lecture_09_batch_norm")
    if found.empty:
        return ""
    number = found["layer"].str.extract(r"(\d+)", expand=False).astype(int)
    found = found.assign(number=number).sort_values(["depth", "number"], kind="stable")
    words = [_scales(activation, rows) for activation, rows in found.groupby("activation", sort=False)]
    undone = (
        f"with γ = √Var and β = E the layer is the identity to {numeral(found['identity_error'].max(), 1)} at worst"
    )
    return sentence([*words, undone])


def _scales(activation: str, rows: pd.DataFrame) -> str:
    """Say which layers' γ leaves 1, and how far the one that goes farthest gets."""
    known = rows[rows["seeds"] > 0]
    if known.empty:
        return ""
    moved = known[(known["gamma"] - 1).abs() - known["gamma_margin"] > LEAST_MOVE]
    far = known.loc[(known["gamma"] - 1).abs().idxmax()]
    scatter = numeral(far["gamma_std"], 2)
    return (
        f"after {count(far['steps'], 'update')} with {activation}: the mean γ of {len(moved)} of "
        f"{count(len(known), 'layer')} leaves 1 by more than {LEAST_MOVE:.0%}; farthest is {far['layer']} with γ = "
        f"{plus_minus(far['gamma'], far['gamma_margin'])}, scattering by {scatter} from unit to unit, and β = "
        f"{plus_minus(far['beta'], far['beta_margin'])}, over {count(far['seeds'], 'seed')}"
    )


# By how much a mean γ must differ from 1 before it is said to leave it.
LEAST_MOVE = 0.01


def claims(query: str) -> str:
    """Say what became of the claims that were stated before their seeds were looked at.

    Args:
        query: the named query that judges them.
    """
    found = data.query(query)
    if found.empty:
        return ""
    found = found[found["norm"].isin(["none", "batch"])]
    confirmed = found[found["evidence"] == "confirmation"]
    judged = confirmed if len(confirmed) else found
    words = [_judged(rows) for _, rows in judged.groupby("number")]
    fresh = "stated before these seeds were looked at"
    return sentence(
        words, fresh if len(confirmed) else "on the seeds that the settings were chosen on: no confirmation"
    )


def _judged(settings: pd.DataFrame) -> str:
    """Say what became of one claim: in the first of its settings, and in how many it holds."""
    first, holding = settings.iloc[0], (settings["verdict"] == "holds").sum()
    found = (
        f"{first['claim']}: **{first['verdict']}**, difference {plus_minus(first['mean'], first['margin'])}"
        f"{_threshold(first['threshold'])} ({first['seeds_that_agree']} of {count(first['seeds'], 'seed')})"
    )
    alone = len(settings) == 1
    return found if alone else f"{found}, the first of {len(settings)} settings, {holding} of which hold"


def _threshold(threshold: float) -> str:
    return f", to be above {numeral(threshold)}" if threshold else ""


def regularized() -> str:
    """Say what became of the claims on gaps, and what the test accuracy says beside them."""
    return " ".join(filter(None, (claims("lecture_14_claims"), beside_the_gap())))


def beside_the_gap() -> str:
    """Say for each batch size whether a smaller gap comes with a better test accuracy, or with a worse fit."""
    found = data.query("lecture_14_regularization")
    found = found[found["norm"] == "batch"]
    confirmed = found[found["evidence"] == "confirmation"]
    judged_on = confirmed if len(confirmed) else found
    if judged_on.empty:
        return ""
    setting = ["dataset", "network", "init", "activation", "depth", "width", "lr_per_example", "epochs"]
    first = judged_on.merge(judged_on[setting].drop_duplicates().head(1), on=setting)
    about = "but a gap is also small where training fits less; test accuracy with batch norm minus without"
    words = [
        f"batches of {row.batch_size}: {plus_minus(row.test_gain, row.test_gain_margin, POINTS)} "
        f"({row.train_accuracy_with:.0%} of the training examples right, {row.train_accuracy_without:.0%} without), "
        f"**{_kind_of_gap(row)}**"
        for row in first.sort_values("batch_size").itertuples()
        if row.seeds
    ]
    return sentence(words, about)


def _kind_of_gap(row: Any) -> str:
    smaller = positive(row.saved, row.saved_margin)
    better, fits = positive(row.test_gain, row.test_gain_margin), positive(row.train_gain, row.train_gain_margin)
    if not smaller:
        return "no smaller gap" if smaller is False else "no gap that is certainly smaller"
    if better:
        return "a smaller gap and a better test: it regularizes"
    if better is False:
        return "a smaller gap and a worse test: " + ("it underfits" if fits is False else "no gain")
    return "a smaller gap, the test no different"


def folded() -> str:
    """Say how different a folded network is, and how fast."""
    found = data.query("lecture_15_folding")
    if found.empty:
        return ""
    words = [
        f"{verbatim(row.network.partition('(')[0])} of width {row.width}: folded ×"
        f"{plus_minus(row.folded_to_without, row.folded_to_without_margin)} the time of a network without batch norm, "
        f"unfolded ×{plus_minus(row.unfolded_to_without, row.unfolded_to_without_margin)}, {count(row.seeds, 'seed')}; "
        f"that it costs nothing {judged(_free(row))}"
        for row in found.drop_duplicates(["network", "width"]).itertuples()
    ]
    return sentence([f"logits differ by at most {numeral(found['difference'].max(), 1)} of the largest", *words])


def _free(row: Any) -> bool | None:
    """Tell whether a folded network takes no longer than one without batch norm, up to `NOTICEABLE`."""
    if pd.isna(row.folded_to_without_margin):
        return None
    excess, margin = row.folded_to_without - 1, row.folded_to_without_margin
    return True if excess + margin <= NOTICEABLE else False if excess - margin > 0 else None


# A share of the time that is not worth a word.
NOTICEABLE = 0.05


def wrong_mode() -> str:
    """Say what evaluating with the statistics of the batch costs, of mixed examples and of one class at a time."""
    found = data.query("lecture_16_train_and_test")
    found = found[(found["norm"] == "batch") & (found["seeds"] > 0)]
    if found.empty:
        return ""
    setting = ["dataset", "network", "init", "activation", "depth", "width", "lr_per_example", "epochs"]
    found = found.merge(found[setting].head(1), on=setting).sort_values("batch_size", kind="stable")
    costs = [
        f"{plus_minus(row.cost, row.cost_margin, POINTS)} in batches of {row.batch_size} ({count(row.seeds, 'seed')})"
        for row in found.itertuples()
    ]
    return " ".join(
        filter(
            None,
            (
                sentence(costs, "what the wrong mode costs in accuracy, right mode minus wrong"),
                _strongest(found),
                *(_better(row) for row in found.itertuples() if positive(row.cost, row.cost_margin) is False),
            ),
        )
    )


def _strongest(found: pd.DataFrame) -> str:
    """Say what batches of a single class cost where they cost most, and how that compares with mixed ones."""
    known = found.dropna(subset="sorted_cost")
    if known.empty:
        return ""
    worst = known.loc[known["sorted_cost"].idxmax()]
    more = "more" if worst["sorted_cost"] > found["cost"].max() else "not more"
    return sentence(
        [
            f"batches of a single class each cost up to "
            f"{plus_minus(worst['sorted_cost'], worst['sorted_cost_margin'], POINTS)}, in batches of "
            f"{worst['batch_size']}: {more} than any mixed ones"
        ]
    )


def _better(row: Any) -> str:
    """Say why the wrong mode may be the better one: running statistics that lag behind."""
    finding = f"in batches of {row.batch_size} the wrong mode is the better one"
    lag = row.mean_distance / row.sampling_distance
    if lag > LAGS:
        return sentence(
            [
                f"{finding}: the running statistics lag behind the weights after so few updates, a batch's means lie "
                f"{numeral(row.mean_distance, 2)} standard deviations from them, {numeral(lag, 2)} times what sampling "
                "makes"
            ]
        )
    return sentence([f"{finding}, although the running statistics do not lag behind"])


# How many times farther than sampling makes them the means of a batch lie from running statistics that lag behind.
LAGS = 2.0


def transferred() -> str:
    """Say what became of the claims on transfer, and which scheme is best."""
    return " ".join(filter(None, (claims("lecture_17_claims"), best_schemes())))


def best_schemes() -> str:
    """Say which scheme is best for the fewest and the most images, on each target."""
    found = data.query("lecture_17_transfer")
    words = []
    for target, rows in found.groupby("dataset", sort=False):
        for images in sorted({rows["images"].min(), rows["images"].max()}):
            sized = rows[rows["images"] == images].dropna(subset="accuracy")
            if sized.empty:
                continue
            best = sized.loc[sized["accuracy"].idxmax()]
            words.append(
                f"on {target}, {count(images, 'image')} per class: best {best['scheme']}, "
                f"{plus_minus(best['accuracy'], best['accuracy_margin'], PER_CENT)}{_gain(best)}, "
                f"{count(best['seeds'], 'seed')}"
            )
    return sentence(words)


def _gain(best: pd.Series) -> str:
    if best["scheme"] == "scratch":
        return ""
    return f" ({plus_minus(best['gain'], best['gain_margin'], POINTS)} over scratch)"
