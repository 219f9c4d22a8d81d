"""What became of a claim, as a value: its verdict changes sides with the data, and so does the answer to a question."""

import math
from itertools import product

import pytest

from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.lecture.judgment import (
    CANNOT_TELL,
    HOLDS,
    IN_PART,
    NOT_HERE,
    VERDICTS,
    Judgment,
    Measured,
    Number,
    Sentence,
    every,
    judge,
    option,
    overall,
)
from goldilocks.dashboard.numerals import numeral
from tests.dashboard.test_lecture_claims import DISCREPANCY, INITS, QUICK, SLOW, TRAINED, swept, untrained
from tests.store.builder import Batch, write

ROWS = {row.number: row for rows in CHAPTERS.values() for row in rows}


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """What became of the claim of a row on a store of made-up cells."""

    def measure(number, batch):
        monkeypatch.setenv("GOLDILOCKS_STORE", str(write(tmp_path / f"{number}.duckdb", batch).path))
        return ROWS[number].measure()

    return measure


@pytest.mark.parametrize("parts", list(product((True, False, None), repeat=3)))
def test_a_claim_holds_when_all_of_it_does_and_in_part_when_some_of_it_does(parts):
    verdict = overall(parts)
    assert verdict in VERDICTS
    assert (verdict == HOLDS) == all(part is True for part in parts)
    assert (verdict == NOT_HERE) == (True not in parts and False in parts)
    assert (verdict == CANNOT_TELL) == all(part is None for part in parts)
    assert every(parts) is {HOLDS: True}.get(verdict, False if False in parts else None)


def test_the_sentence_and_the_verdict_are_made_of_the_same_judgments():
    parts = (judge("that it grows", True, ", ×2"), Judgment("and not otherwise: **no**", False))
    found = Measured((Sentence(["first", *parts], "about"), Sentence([])), Number("×2", "is the growth"), "much")
    assert found.judgments == parts
    assert found.verdict == IN_PART
    assert found.text == "About: first; that it grows **holds**, ×2; and not otherwise: **no**."
    assert (Measured().text, Measured().verdict, Measured().judgments) == ("", "", ())


def test_an_answer_is_what_the_number_falls_under():
    options = ("little", "some", "much")
    found = [option(options, (1.0, 2.0), value) for value in (-math.inf, 1.0, 1.5, 2.1, math.inf, math.nan)]
    assert found == ["little", "little", "some", "much", "much", ""]


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_row_is_judged_by_one_number_and_answers_its_question(number, lecture_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))
    found = ROWS[number].measure()
    # The pipelines that L1 judges are not in that store, nor is the target that L17 asks about.
    assert bool(found.judgments) == (number != 1)
    assert found.verdict in VERDICTS
    assert found.number.value
    assert found.number.meaning
    assert found.answer in (*ROWS[number].prediction.options, "")
    assert all(str(judgment) in found.text for judgment in found.judgments[1:])


@pytest.mark.parametrize("number", sorted(ROWS))
def test_no_title_and_no_claim_answers_a_question(number):
    """All of them stand above the row."""
    above = " ".join(f"{row.title} {row.claim}".lower() for row in ROWS.values())
    options = ROWS[number].prediction.options
    assert len(set(options)) == len(options) > 1
    assert not [one for one in options if one.lower() in above]


def test_a_store_without_the_row_says_nothing(measured):
    for number in (2, 9, 14, 15, 16, 17):
        found = measured(number, Batch().run())
        assert (found.text, found.number, found.answer, found.verdict) == ("", None, "", "")


@pytest.mark.parametrize(("raw", "verdict", "answer"), [
    (1.05, NOT_HERE, "hardly more"),
    (4.0, HOLDS, "up to five times as much"),
    (40.0, HOLDS, "more than five times as much"),
])  # fmt: skip
def test_l1_changes_sides(measured, raw, verdict, answer):
    batch = Batch().run()
    for name, factor in (("raw", raw), ("standardize", 1.0 if raw > 2 else 2.0)):
        cell = batch.cell("preprocessing", dataset="digits", preprocessing=name)
        batch.measurement(cell, "condition_number", 10.0)
        for part, range_ in (("mean", 1.0), ("low", 0.99), ("high", 1.01)):
            batch.measurement(cell, "perturbed_loss", 0.1, 0.0, part)
            batch.measurement(cell, "perturbed_loss", 0.1 * factor * range_, 0.1, part)
    found = measured(1, batch)
    assert (found.verdict, found.answer) == (verdict, answer)
    assert found.number.value.startswith(f"×{numeral(raw)} (")


@pytest.mark.parametrize(("rate", "verdict"), [(0.6, HOLDS), (1.5, NOT_HERE)])
@pytest.mark.parametrize(("back", "answer"), [(0.5, "it shrinks"), (1.0, "it keeps its size"), (1.5, "it grows")])
def test_l4_changes_sides(measured, rate, verdict, back, answer):
    found = measured(4, untrained({("normal(std=0.01)", "none"): (rate, back, 0.0)}, activation="tanh"))
    assert (found.verdict, found.answer) == (verdict, answer)
    assert "is the std in layer" in found.number.meaning


@pytest.mark.parametrize(("back", "answer"), [(0.5, "it shrinks"), (1.0, "it keeps its size"), (1.4, "it grows")])
@pytest.mark.parametrize(("big", "right"), [(0.44, 0.1), (0.1, 0.44)])
def test_l5_changes_sides(measured, back, answer, big, right):
    rates = {("normal(std=0.05)", "none"): (1.0, back, big), ("xavier", "none"): (1.0, 1.0, right)}
    found = measured(5, untrained(rates, activation="tanh"))
    parts = [big > right, answer == "it shrinks"]
    assert [judgment.holds for judgment in found.judgments] == parts
    assert (found.verdict, found.answer) == (overall(parts), answer)
    assert found.number.value == f"×{numeral(back)}"


@pytest.mark.parametrize(("rate", "verdict", "answer"), [
    (0.5, HOLDS, "about ½"), (0.71, HOLDS, "about 0.7"), (0.9, HOLDS, "about 0.9"), (1.3, NOT_HERE, "1 or more"),
])  # fmt: skip
def test_l7_changes_sides(measured, rate, verdict, answer):
    found = measured(7, untrained({("xavier", "none"): (rate, 1.0, 0.0)}, activation="relu"))
    assert (found.verdict, found.answer) == (verdict, answer)
    assert found.number.value.startswith(f"×{numeral(rate, 2)}")


@pytest.mark.parametrize(("right", "wrong", "verdict", "answer"), [
    (1.0, 50.0, HOLDS, "a million times as much"),
    (1.0, 1.0, IN_PART, "as much as before"),
    (0.5, 50.0, IN_PART, "10¹² times as much, or more"),
    (0.5, 1.0, NOT_HERE, "a million times as much"),
])  # fmt: skip
def test_l8_changes_sides(measured, right, wrong, verdict, answer):
    rates = {("kaiming", "none"): (right, 1.0, 0.0), ("kaiming_slip", "none"): (wrong, 1.0, 0.0)}
    found = measured(8, untrained(rates, activation="relu", depth=6))
    assert [judgment.holds for judgment in found.judgments] == [right == 1.0, wrong != 1.0]
    assert found.verdict == verdict
    assert found.answer in ROWS[8].prediction.options


@pytest.mark.parametrize(("grown", "answer"), [(1.2, "it grows"), (1.0, "it keeps its size"), (0.8, "it shrinks")])
def test_l11_asks_what_batch_norm_makes_of_the_gradient(measured, grown, answer):
    rates = {("xavier", "none"): (1.0, 0.7, 0.0), ("kaiming", "none"): (1.0, 1.3, 0.0)}
    rates |= {(init, "batch"): (1.0, grown, 0.0) for init in ("xavier", "kaiming")}
    found = measured(11, untrained(rates, activation="relu", depth=20))
    assert found.answer == answer
    assert found.judgments[0].holds is True


@pytest.mark.parametrize(("plain", "normed", "verdict", "answer"), [
    (0, 5, HOLDS, "a tenth or less"), (2, 5, None, "about a third"), (5, 0, NOT_HERE, "more than half"),
])  # fmt: skip
def test_l10_changes_sides(measured, plain, normed, verdict, answer):
    batch = Batch().run()
    for norm, trained in (("none", plain), ("batch", normed)):
        for place, init in enumerate(INITS):
            for seed in range(3):
                learns = 0.9 if place < trained else 0.1
                batch.training(learns, None, norm=norm, seed=seed, lr=0.1, depth=20, **TRAINED | {"init": init})
    found = measured(10, batch)
    assert verdict is None or found.verdict == verdict
    assert found.answer == answer


@pytest.mark.parametrize(("plain", "normed", "ahead"), [
    (QUICK, SLOW, "the one without"), (SLOW, QUICK, "the one with batch norm"), (SLOW, SLOW, "neither"),
])  # fmt: skip
def test_l12_asks_who_is_ahead_at_the_smallest_rate(measured, plain, normed, ahead):
    found = measured(12, swept(plain, normed))
    assert found.answer == ahead
    assert "is the largest rate" in found.number.meaning


@pytest.mark.parametrize(("difference", "folds"), [(1e-7, True), (0.01, False)])
@pytest.mark.parametrize(("time", "free"), [(1.0, True), (1.5, False)])
def test_l15_changes_sides(measured, difference, folds, time, free):
    batch = Batch().run().metric("forward_time", study="folding", label="time")
    for seed in range(3):
        cell = batch.cell("folding", norm="batch", seed=seed, dataset="digits", optimizer="sgd", lr=0.1, steps=20)
        batch.measurement(cell, "fold_difference", difference)
        for part, taken in (("unfolded", 3.0), ("folded", time + 0.001 * seed), ("without batch norm", 1.0)):
            batch.measurement(cell, "forward_time", taken, None, part)
    found = measured(15, batch)
    assert [judgment.holds for judgment in found.judgments] == [folds, free]
    assert found.answer == "more than twice as long"
    assert found.number.value.startswith(f"×{numeral(time + 0.001)}")


@pytest.mark.parametrize(("wrong", "alone", "verdict", "answer"), [
    (0.8, 0.2, HOLDS, "more than 30 points"),
    (0.8, 0.75, HOLDS, "5 to 30 points"),
    (0.95, 0.89, NOT_HERE, "less than 5 points"),
])  # fmt: skip
def test_l16_changes_sides(measured, wrong, alone, verdict, answer):
    batch = Batch().run().metric("mode_accuracy", study="discrepancy", label="accuracy")
    for seed in range(100, 105):
        for size in (8, 32):
            cell = batch.cell("discrepancy", norm="batch", batch_size=size, seed=seed, **DISCREPANCY)
            told = {"running statistics": 0.9, "batch statistics": wrong, "batch statistics, sorted": alone}
            for part, value in told.items():
                batch.measurement(cell, "mode_accuracy", value + 0.0001 * (seed % 5) * (value < 0.9), None, part)
            batch.measurement(cell, "mean_distance", 0.1, None, "layer 1")
    found = measured(16, batch)
    assert (found.verdict, found.answer) == (verdict, answer)
    assert f"{100 * (0.9 - alone):.0f}"[:1] in found.number.value


@pytest.mark.parametrize(("error", "verdict"), [(1e-7, HOLDS), (0.1, NOT_HERE)])
@pytest.mark.parametrize(
    ("moved", "answer"), [((1.0, 1.0), "in none"), ((1.0, 1.2), "in some"), ((0.7, 1.2), "in all")]
)
def test_l9_changes_sides(measured, error, verdict, moved, answer):
    batch = Batch().run()
    for seed in range(3):
        trained = {"norm": "batch", "optimizer": "sgd", "lr": 0.1, "steps": 20, "dataset": "digits"}
        cell = batch.cell("batch_norm_layer", seed=seed, **trained)
        for layer, gamma in enumerate(moved, 1):
            for name, value in (("gamma_mean", gamma), ("gamma_std", 0.1), ("beta_mean", 0.0), ("beta_std", 0.1)):
                batch.measurement(cell, name, value + 0.0001 * seed, 20.0, f"layer {layer}")
            batch.measurement(cell, "identity_error", error, None, f"layer {layer}")
    found = measured(9, batch)
    assert (found.verdict, found.answer, found.number.value) == (verdict, answer, numeral(error, 1))
