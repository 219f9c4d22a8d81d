"""L17: what a trained network should keep, by number of images and by likeness of the target.

The settings were chosen, and the claims of `store/sql/lecture_17_claims.sql` stated, on seeds 0 to 4. What is asserted
here was then found on other seeds.
"""

import numpy as np
import pytest

from goldilocks.store.checks.check import check
from tests.lecture.findings import finding
from tests.lecture.students_t import margin, verdict

SEEDS, SMALL, LARGE = 5, 5, 100
# What each difference must exceed: frozen convolutions may lose a little.
THRESHOLDS = [0, 0, 0, 0, 0, 0, -0.05]
CONFIRMATION = """
[[study]]
kind = "transfer_source"
network = "conv(strided=2, dense=2, dense_width=64)"
width = 8
depth = 4
init = "kaiming"
activation = "relu"
optimizer = "momentum"
lr = 0.02
batch_size = 32
steps = 200
seed = [100, 101, 102, 103, 104]

[[study]]
kind = "transfer"
network = "conv(strided=2, dense=2, dense_width=64)"
dataset = ["fashion-target", "digits-28"]
source_lr = 0.02
source_steps = 200
scheme = ["scratch", "last_layer", "dense_layers", "fine_tune"]
per_class = [5, 100]
width = 8
depth = 4
init = "kaiming"
activation = "relu"
lr = 0.02
batch_size = 32
steps = 80
seed = [100, 101, 102, 103, 104]
"""
SIMILAR, DISSIMILAR = "fashion-target", "digits-28"
# The same with fewer steps: what is plain arithmetic shows on it, and what holds for every network.
GRID = CONFIRMATION.replace("steps = 200", "steps = 10").replace("steps = 80", "steps = 4")


def accuracies(lecture):
    """Return test accuracies `[seed]` by target, scheme and images per class."""
    sql = """SELECT dataset, part, position::INTEGER AS per_class, seed, value FROM quantities
             WHERE quantity = 'transfer_accuracy' ORDER BY seed"""
    found = lecture.query(sql).df()
    return {key: rows["value"].to_numpy() for key, rows in found.groupby(["dataset", "part", "per_class"])}


def gain(accuracy, target, scheme, per_class):
    """Return what a scheme gains over training from scratch `[seed]`."""
    return accuracy[target, scheme, per_class] - accuracy[target, "scratch", per_class]


@pytest.fixture(scope="module")
def accuracy(lecture):
    return accuracies(lecture)


@pytest.fixture(scope="module")
def differences(accuracy):
    """The difference that each claim is about `[claim, seed]`."""
    last, dense, tuned = "last_layer", "dense_layers", "fine_tune"
    few, tuning = (gain(accuracy, SIMILAR, scheme, SMALL) for scheme in (last, tuned))
    more = [accuracy[target, dense, LARGE] - accuracy[target, last, LARGE] for target in (SIMILAR, DISSIMILAR)]
    specific = gain(accuracy, SIMILAR, last, LARGE) - gain(accuracy, DISSIMILAR, last, LARGE)
    general = gain(accuracy, DISSIMILAR, dense, LARGE)
    return np.stack([few, tuning, tuning - gain(accuracy, DISSIMILAR, tuned, SMALL), *more, specific, general])


FINDING = finding("its arithmetic is below")


@FINDING
def test_new_layers_for_more_images_and_general_low_layers_hold(confirmation):
    found = confirmation.lecture_17_claims().df().set_index("number")
    assert list(found.index) == [1, 2, 3, 4, 5, 6, 7]
    assert set(found.evidence) == {"confirmation"}
    assert (found.seeds == SEEDS).all()
    assert (found.verdict[[4, 5, 6, 7]] == "holds").all(), found[["claim", "mean", "margin"]]
    assert (found.seeds_that_agree[[4, 5, 6, 7]] == SEEDS).all()


@FINDING
def test_what_few_images_gain_is_not_decided(confirmation):
    """Documented, not as published: with five similar images per class no scheme beats training from scratch.

    On twenty fresh seeds a new last layer gains -0.013 ± 0.020, fine-tuning 0.005 ± 0.018, and fine-tuning gains
    0.052 ± 0.055 more on the similar target than on the dissimilar one (18 of 20 seeds; one in which scratch fails on
    digits makes the interval wide). The source is small and the target easy: five images per class give scratch about
    two thirds.
    """
    found = confirmation.lecture_17_claims().df().set_index("number").loc[[1, 2, 3]]
    assert (found.verdict == "undecided").all(), found[["claim", "mean", "margin"]]
    assert (found["mean"][[1, 2]].abs() < 0.04).all()


def test_the_claims_are_plain_arithmetic(lecture, differences):
    found = lecture.lecture_17_claims().df()
    np.testing.assert_allclose(found["mean"], differences.mean(1))
    np.testing.assert_allclose(found["margin"], margin(differences), rtol=1e-3)
    assert list(found.threshold) == THRESHOLDS
    above = [difference - threshold for difference, threshold in zip(differences, THRESHOLDS, strict=True)]
    assert list(found.seeds_that_agree) == [int((difference > 1e-12).sum()) for difference in above]
    assert list(found.verdict) == [verdict(difference) for difference in above]


@FINDING
def test_a_claim_that_is_wrong_is_seen(confirmation):
    """Mutation: the targets mixed up."""
    found = confirmation.lecture_17_claims(similar=DISSIMILAR, dissimilar=SIMILAR).df().set_index("number")
    assert found.verdict[6] == "does not hold"


def test_the_query_has_a_row_per_target_scheme_and_size(lecture, accuracy):
    found = lecture.lecture_17_transfer().df()
    assert len(found) == 2 * 4 * 2
    assert set(found["source"]) == {"fashion-source"}
    assert (found["seeds"] == SEEDS).all()
    assert (found["images"] == found["per_class"]).all()
    for row in found.itertuples():
        values = accuracy[row.dataset, row.scheme, row.per_class]
        gains = gain(accuracy, row.dataset, row.scheme, row.per_class)
        expected = (values.mean(), gains.mean(), margin(gains))
        np.testing.assert_allclose((row.accuracy, row.gain, row.gain_margin), expected, rtol=1e-3)
        assert row.seeds_that_gain == (gains > 0).sum()


@FINDING
def test_everything_learns(confirmation):
    for (target, scheme, per_class), values in accuracies(confirmation).items():
        chance = 0.2 if target == SIMILAR else 0.1
        assert values.mean() > 2 * chance, (target, scheme, per_class)


def layer_shifts(store):
    """Return how far a layer moved, mean over seeds and targets, by scheme and layer."""
    sql = """SELECT split_part(part, ',', 1) AS scheme, position::INTEGER AS layer, avg(value) AS shift
             FROM quantities WHERE quantity = 'layer_shift' GROUP BY ALL ORDER BY ALL"""
    return store.query(sql).df().pivot(index="scheme", columns="layer", values="shift")


def test_layers_move_that_their_scheme_does_not_freeze(lecture):
    shift = layer_shifts(lecture)
    assert (shift.loc["last_layer"] == 0).all()
    assert (shift.loc["dense_layers", [1, 2]] == 0).all()
    assert (shift.loc["dense_layers", [3, 4]] > 0).all()
    assert ((shift.loc["fine_tune"] > 0) & (shift.loc["fine_tune"] < shift.loc["scratch"])).all()


@FINDING
def test_new_layers_move_far_and_tuned_ones_half_as_far_as_from_scratch(confirmation):
    shift = layer_shifts(confirmation)
    assert (shift.loc["dense_layers", [3, 4]] > 0.1).all()
    assert (shift.loc["fine_tune"] < shift.loc["scratch"] / 2).all()


def source_filters(store):
    """Return the filters of the first layer before and after the source was trained, a row for each weight."""
    sql = """SELECT quantity, seed, part, position, value FROM quantities WHERE quantity LIKE 'source_filter%'"""
    return store.query(sql).df().pivot(index=["seed", "part", "position"], columns="quantity", values="value")


def test_the_first_layers_filters_are_stored(lecture):
    found = source_filters(lecture)
    assert len(found) == SEEDS * 8 * 9
    assert (found["source_filter"] != found["source_filter_before"]).groupby("seed").any().all()


@FINDING
def test_the_first_layers_filters_are_learned(confirmation):
    found = source_filters(confirmation)
    moved = (found["source_filter"] - found["source_filter_before"]).groupby("seed").std()
    assert (moved > 0.02).all()
    sql = "SELECT min(value) FROM quantities WHERE quantity = 'source_accuracy'"
    assert confirmation.query(sql).fetchall()[0][0] > 0.85


def test_the_store_holds_together(lecture):
    assert all(finding.holds for finding in check(lecture.path))
