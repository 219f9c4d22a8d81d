"""What the named queries of rows L1 and L17 say: judgments, the number that decides, and the answer."""

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.dashboard.lecture.judgment import NOTHING, Judgment, Measured, Number, Sentence, judge, option
from goldilocks.dashboard.lecture.stated_claims import claims, claims_by_target, deciding
from goldilocks.dashboard.lecture.wording import PER_CENT, POINTS, between, count, larger, plus_minus
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim

RAW, NORMALIZED = "raw", "standardize"
# The target of other things than the source shows.
UNLIKE = "digits-28"
# What the query says of centring, as a claim that it is enough.
ENOUGH = {"enough": True, "not enough": False}
# Answers to the rows' questions, from the least to the largest number, and what lies between them.
DEARER, DEARER_LIMITS = ("hardly more", "up to five times as much", "more than five times as much"), (1.2, 5.0)
SCHEMES = {
    "scratch": "training from scratch",
    "last_layer": "a new last layer on frozen ones",
    "dense_layers": "new dense layers on frozen convolutions",
    "fine_tune": "fine-tuning all layers",
}


def sensitivity() -> Measured:
    """Say what a small change of W costs under each pipeline on real data, and how ill-conditioned the loss is."""
    found = data.query("lecture_01_preprocessing")
    found = found[(found["dataset"] != "cloud") & ~found["preprocessing"].str.contains("(", regex=False)]
    if found.empty:
        return NOTHING
    found = found[found["dataset"] == found["dataset"].iloc[0]]
    words: list[str | Judgment] = [
        f"{verbatim(row.preprocessing)} ×{between(row.loss_factor, row.loss_factor_low, row.loss_factor_high)}, "
        f"condition number {numeral(row.condition_number)}"
        for row in found.itertuples()
    ]
    about = (
        f"a random change of W by a tenth multiplies the loss on {found['dataset'].iloc[0]} (mean, 95 % of directions, "
        f"{count(found['seeds'].max(), 'seed')})"
    )
    by_name = found.drop_duplicates("preprocessing").set_index("preprocessing")
    if RAW not in by_name.index:
        return Measured((Sentence(words, about), *centring()))
    raw, ends = by_name.loc[RAW], ["loss_factor_low", "loss_factor_high"]
    number = Number(
        f"×{between(raw['loss_factor'], *raw[ends])}", "is the loss on raw inputs after a change of W by a tenth"
    )
    if NORMALIZED not in by_name.index:
        return Measured((Sentence(words, about), *centring()), number)
    normalized = by_name.loc[NORMALIZED]
    less = larger(tuple(raw[ends]), tuple(normalized[ends]))
    words.append(judge("that normalizing makes the loss less sensitive", less))
    number = Number(number.value, f"{number.meaning}; normalized, ×{numeral(normalized['loss_factor'])}")
    dearer = raw["loss_factor"] / normalized["loss_factor"]
    return Measured((Sentence(words, about), *centring()), number, option(DEARER, DEARER_LIMITS, dearer))


def centring() -> tuple[Sentence, ...]:
    """Say, for each set of images, whether it is enough to centre them."""
    found = data.query("lecture_01_centring")
    images = found[found["dataset"] != "cloud"]
    # A row is a classifier beside a network: each is named once.
    classifier, network = ["condition_gain", "factor_centred", "factor_standardized"], ["batch_size", "steps"]
    loss = [
        judge(
            row.dataset,
            ENOUGH[row.for_the_loss],
            f", standardizing as well divides it by {numeral(row.condition_gain)} and the change of W multiplies the "
            f"loss by {numeral(row.factor_centred)} before, {numeral(row.factor_standardized)} after",
        )
        for row in images.dropna(subset="for_the_loss").drop_duplicates(["dataset", *classifier]).itertuples()
    ]
    training = [
        judge(
            row.dataset,
            ENOUGH.get(row.for_training),
            f", standardizing gains {plus_minus(row.gain, row.gain_margin, POINTS)} of test accuracy "
            f"({count(row.seeds, 'seed')})",
        )
        for row in images.dropna(subset="for_training").drop_duplicates(["dataset", *network]).itertuples()
    ]
    return (
        Sentence(loss, "that centring alone is enough for images, for the condition number of the loss"),
        Sentence(training, "the same for a deep network, each at its best rate"),
    )


def transferred() -> Measured:
    """Say what became of the claims on transfer, and which scheme is best."""
    found = data.query("lecture_17_transfer").dropna(subset="accuracy")
    first, number, where = deciding("lecture_17_claims"), None, ""
    pretrained = claims_by_target("lecture_17_pretrained", "from pretrained weights")
    if first is None:
        first = deciding("lecture_17_pretrained")
        where = "" if first is None else f", from pretrained weights on {first['dataset']}"
    if first is not None:
        meaning = f"is the difference in “{first['claim']}”{where}"
        number = Number(plus_minus(first["mean"], first["margin"], POINTS), meaning)
    few = found if len(found) else from_pretrained()
    return Measured((claims("lecture_17_claims"), best_schemes(found), *pretrained), number, _best_of_few(few))


def from_pretrained() -> pd.DataFrame:
    """Return mean accuracies of transfer from pretrained weights, by target, images and scheme."""
    rows = data.query("quantity_over_seeds", study="backbone_transfer", quantity="backbone_accuracy")
    return rows.rename(columns={"position": "images", "part": "scheme", "mean": "accuracy"}).dropna(subset="accuracy")


def _best(rows: pd.DataFrame, images: int) -> pd.Series:
    """Return the scheme with the highest accuracy for a number of images."""
    sized = rows[rows["images"] == images]
    return sized.loc[sized["accuracy"].idxmax()]


def best_schemes(found: pd.DataFrame) -> Sentence:
    """Say which scheme is best for the fewest and the most images, on each target.

    Args:
        found: accuracy by target, images and scheme.
    """
    words = []
    for target, rows in found.groupby("dataset", sort=False):
        for images in sorted({rows["images"].min(), rows["images"].max()}):
            best = _best(rows, images)
            words.append(
                f"on {target}, {count(images, 'image')} per class: best {best['scheme']}, "
                f"{plus_minus(best['accuracy'], best['accuracy_margin'], PER_CENT)}{_gain(best)}, "
                f"{count(best['seeds'], 'seed')}"
            )
    return Sentence(words)


def _best_of_few(found: pd.DataFrame) -> str:
    """Return the scheme that is best for the fewest images of the target that is least like the source."""
    unlike = found[found["dataset"] == UNLIKE]
    return "" if unlike.empty else SCHEMES.get(_best(unlike, unlike["images"].min())["scheme"], "")


def _gain(best: pd.Series) -> str:
    if best["scheme"] == "scratch":
        return ""
    return f" ({plus_minus(best['gain'], best['gain_margin'], POINTS)} over scratch)"
