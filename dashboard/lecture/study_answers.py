"""What the named queries of rows L1, L9 and L14–L17 say, in a sentence with interval and seeds."""

import pandas as pd

from dashboard import data
from dashboard.lecture.wording import PER_CENT, between, count, plus_minus, sentence
from dashboard.numerals import numeral


def sensitivity() -> str:
    """Say what a small change of W costs under each pipeline on real data, and how ill-conditioned the loss is."""
    found = data.query("lecture_01_preprocessing")
    found = found[(found["dataset"] != "cloud") & ~found["preprocessing"].str.contains("(", regex=False)]
    if found.empty:
        return ""
    found = found[found["dataset"] == found["dataset"].iloc[0]]
    words = [
        f"{row.preprocessing} ×{between(row.loss_factor, row.loss_factor_low, row.loss_factor_high)}, condition number "
        f"{numeral(row.condition_number)}"
        for row in found.itertuples()
    ]
    about = (
        f"a random change of W by a tenth multiplies the loss on {found['dataset'].iloc[0]} (mean, 95 % of directions, "
        f"{count(found['seeds'].max(), 'seed')})"
    )
    return sentence(words, about)


def learned_scale() -> str:
    """Say what γ and β become in the last layer, and how well the layer can be the identity."""
    found = data.query("lecture_09_batch_norm")
    if found.empty:
        return ""
    number = found["layer"].str.extract(r"(\d+)", expand=False).astype(int)
    found = found.assign(number=number).sort_values(["depth", "number"], kind="stable")
    words = [
        f"{activation}, {last['layer']} after {count(last['steps'], 'update')}: "
        f"γ = {plus_minus(last['gamma'], last['gamma_margin'])}, β = {plus_minus(last['beta'], last['beta_margin'])} "
        f"over {count(last['seeds'], 'seed')}"
        for activation, last in ((name, rows.iloc[-1]) for name, rows in found.groupby("activation", sort=False))
    ]
    undone = f"with γ = √Var and β = E the layer is the identity to {found['identity_error'].max():.1g} at worst"
    return sentence([*words, undone])


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
        f"{first['claim']}: **{first['verdict']}**, {plus_minus(first['mean'], first['margin'])} "
        f"({first['seeds_that_agree']} of {count(first['seeds'], 'seed')})"
    )
    alone = len(settings) == 1
    return found if alone else f"{found}, the first of {len(settings)} settings, {holding} of which hold"


def folded() -> str:
    """Say how different a folded network is, and how fast."""
    found = data.query("lecture_15_folding")
    if found.empty:
        return ""
    words = [
        f"{row.network.partition('(')[0]} of width {row.width}: folded ×"
        f"{plus_minus(row.folded_to_without, row.folded_to_without_margin)} the time of a network without batch norm, "
        f"unfolded ×{plus_minus(row.unfolded_to_without, row.unfolded_to_without_margin)}, {count(row.seeds, 'seed')}"
        for row in found.drop_duplicates(["network", "width"]).itertuples()
    ]
    return sentence([f"logits differ by at most {found['difference'].max():.1g} of the largest", *words])


def wrong_mode() -> str:
    """Say what evaluating with the statistics of the batch costs, at the smallest and the largest batch."""
    found = data.query("lecture_16_train_and_test")
    found = found[found["norm"] == "batch"].sort_values("batch_size", kind="stable")
    if found.empty:
        return ""
    return sentence(
        (
            f"{plus_minus(row.cost, row.cost_margin, '.1%')} in batches of {row.batch_size}, {count(row.seeds, 'seed')}"
            for row in found.iloc[[0, -1]].itertuples()
        ),
        "what the wrong mode costs in accuracy",
    )


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
                f"{target}, {count(images, 'image')} per class: best {best['scheme']}, "
                f"{plus_minus(best['accuracy'], best['accuracy_margin'], PER_CENT)}{_gain(best)}, "
                f"{count(best['seeds'], 'seed')}"
            )
    return sentence(words)


def _gain(best: pd.Series) -> str:
    if best["scheme"] == "scratch":
        return ""
    return f" ({plus_minus(best['gain'], best['gain_margin'], '.1%')} over scratch)"
