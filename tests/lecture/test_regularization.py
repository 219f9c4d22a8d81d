"""L14: batch norm regularizes, and the more so the smaller the batch.

The settings were chosen, and the claims of `store/sql/lecture_14_claims.sql` stated, on seeds 0 to 4. What is asserted
here was then found on other seeds.
"""

import numpy as np
import pytest

from goldilocks import store
from tests.lecture.discrepancies import series
from tests.lecture.findings import finding
from tests.lecture.students_t import margin, verdict

SEEDS = 10
CONFIRMATION = """
[[study]]
kind = "discrepancy"
dataset = "digits"
width = 64
depth = 3
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr_per_example = 0.002
epochs = 4
batch_size = [8, 32, 128]
seed = [100, 101, 102, 103, 104, 105, 106, 107, 108, 109]
"""
# The same with fewer steps: what is plain arithmetic shows on it.
GRID = CONFIRMATION.replace("epochs = 4", "epochs = 1")
FINDING = finding("its arithmetic is below")


@pytest.fixture(scope="module")
def gaps(lecture):
    """The gap of the loss with and without batch norm, each `[batch size, seed]`."""
    return gaps_of(lecture)


def gaps_of(lecture):
    return series(lecture, "loss_gap"), series(lecture, "loss_gap", norm="none")


@pytest.fixture(scope="module")
def differences(gaps):
    """What each claim says is positive `[claim, seed]`."""
    return differences_of(*gaps)


def differences_of(normed, plain):
    growth, plain_growth = normed[2] - normed[0], plain[2] - plain[0]
    return np.stack([(plain - normed)[0], (plain - normed)[1], growth, growth - plain_growth])


@FINDING
def test_every_claim_holds(confirmation):
    found = confirmation.lecture_14_claims().df()
    assert list(found.number) == [1, 2, 3, 4]
    assert set(found.evidence) == {"confirmation"}
    assert (found.seeds == SEEDS).all()
    assert (found.verdict == "holds").all(), found[["claim", "mean", "margin"]]


@FINDING
def test_in_small_batches_batch_norm_narrows_the_gap_in_every_seed(confirmation):
    assert (differences_of(*gaps_of(confirmation))[:2] > 0).all()


def test_the_claims_are_plain_arithmetic(lecture, differences):
    found = lecture.lecture_14_claims().df()
    np.testing.assert_allclose(found["mean"], differences.mean(1))
    np.testing.assert_allclose(found["margin"], margin(differences), rtol=1e-3)
    assert list(found.seeds_that_agree) == list((differences > 0).sum(1))
    assert list(found.verdict) == [verdict(difference) for difference in differences]


def test_selection_and_confirmation_are_told_apart(lecture, differences):
    found = lecture.lecture_14_claims(selection=105).df().set_index(["evidence", "number"])
    for evidence, part in (("selection", differences[:, :5]), ("confirmation", differences[:, 5:])):
        np.testing.assert_allclose(found.loc[evidence, "mean"], part.mean(1))
        np.testing.assert_allclose(found.loc[evidence, "margin"], margin(part), rtol=1e-3)
        assert list(found.loc[evidence, "verdict"]) == [verdict(difference) for difference in part]


@FINDING
def test_a_claim_that_is_wrong_is_seen(confirmation):
    """Mutation: large batches taken for small ones."""
    found = confirmation.lecture_14_claims(small=128, large=8).df().set_index("number")
    assert list(found.loc[[3, 4], "verdict"]) == ["does not hold", "does not hold"]


def test_the_table_by_batch_size_is_plain_arithmetic(lecture, gaps):
    found = lecture.lecture_14_regularization().df().set_index("batch_size")
    saved = gaps[1] - gaps[0]
    np.testing.assert_allclose(found["saved"], saved.mean(1))
    np.testing.assert_allclose(found["saved_margin"], margin(saved), rtol=1e-3)
    np.testing.assert_allclose(found["loss_gap_with_margin"], margin(gaps[0]), rtol=1e-3)
    assert (found["seeds"] == SEEDS).all()
    assert (found["left_out"] == 0).all()
    assert set(found["evidence"]) == {"confirmation"}


def test_the_queries_agree_on_what_selection_was():
    queries = [query for name, query in store.queries.all().items() if name.startswith(("lecture_14", "lecture_17"))]
    assert len({query.bind({})["selection"] for query in queries}) == 1
