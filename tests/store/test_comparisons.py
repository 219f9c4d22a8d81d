"""Of identical combinations the ranking calls at most one in twenty clearly better; one that is better it finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from goldilocks import store
from goldilocks.store import queries
from tests.oracles import leads as plain
from tests.simulations import comparisons
from tests.simulations.comparisons import COMBINATIONS, NOISES, SEEDS
from tests.store.builder import Batch, write

MOST_WRONG, RANKINGS = 0.05, 400
# Four standard deviations of a share that is 5 %.
LUCK = 4 * (MOST_WRONG * (1 - MOST_WRONG) / RANKINGS) ** 0.5


def test_identical_combinations_are_clearly_different_in_at_most_one_ranking_of_twenty():
    wrong = {
        (noise, count, seeds): comparisons.false_alarms(noise, count, seeds, RANKINGS)[0]
        for noise, count, seeds in itertools.product(NOISES, COMBINATIONS, SEEDS)
    }
    assert {case: share for case, share in wrong.items() if share > MOST_WRONG + LUCK} == {}
    # All cases together have little luck.
    assert np.mean(list(wrong.values())) < MOST_WRONG


def test_what_is_better_by_three_standard_deviations_is_found():
    for count in COMBINATIONS:
        assert comparisons.found(count, 5, RANKINGS) > 0.4
        assert comparisons.found(count, 10, RANKINGS) > 0.9


def test_one_that_is_far_noisier_than_the_others_does_not_win_by_it():
    """The variance of all combinations down to a place is not that of the noisiest: with it alone one in twenty."""
    for count in (12, 40):
        assert comparisons.false_alarms("one has 10 times the noise", count, 10, 4000)[0] < 0.03


def test_what_is_far_better_is_found_with_three_seeds():
    for count in COMBINATIONS:
        assert comparisons.found(count, 3, RANKINGS, better=30.0) > 0.95


def test_winning_all_pairs_would_be_wrong_far_more_often():
    """What stood there before: the first is the winner of the very seeds that chose it."""
    random = np.random.default_rng(0)
    scores = NOISES["normal"](random, (RANKINGS, 12, 3))
    best = scores[np.arange(RANKINGS), scores.mean(2).argmax(1)]
    beaten = (best[:, None, :, None] > scores[:, :, None, :]).mean((2, 3)) >= 0.9
    assert beaten.any(1).mean() > 0.3


@pytest.mark.parametrize("noise", NOISES)
def test_many_at_once_equal_the_oracle(noise):
    random = np.random.default_rng(3)
    for count, seeds in itertools.product((2, 4, 7), (3, 6)):
        scores = NOISES[noise](random, (20, count, seeds))
        scores[:10, 0] += 0.5 * scores.std()
        clear = comparisons.leads(scores)
        for ranking, expected in zip(scores, clear, strict=True):
            ranked = sorted((dict(enumerate(one)) for one in ranking), key=lambda one: -np.mean(list(one.values())))
            found = plain.leads(ranked, comparisons.LEVEL, 3, comparisons.TOGETHER)
            assert [lead.clear for lead in found] == expected[1:].tolist()


def test_the_query_and_the_simulation_have_one_rule():
    numbers = {one.name: one.default for one in queries.get("recommendation").parameters}
    assert (numbers["level"], numbers["together"]) == (comparisons.LEVEL, comparisons.TOGETHER)


def test_the_approximations_are_close_and_err_to_the_safe_side():
    for tail in (0.02, 0.004, 1e-3, 1e-5, 1e-7):
        assert plain.normal(tail) == pytest.approx(stats.norm.isf(tail), abs=4.6e-4)
        for freedom in (2, 4, 8, 20, 100, 1000):
            exact = stats.t.isf(tail, freedom)
            assert 0.99 * exact < plain.students(tail, freedom) < (3 if freedom < 5 else 1.05) * exact


def ranked(tmp_path, accuracies: dict[str, dict[int, float]], **values):
    """Returns the ranking of combinations whose accuracies by seed are given."""
    batch = Batch().run()
    for lr, by_seed in enumerate(accuracies.values(), 1):
        for seed, accuracy in by_seed.items():
            batch.training(accuracy, seed=seed, lr=float(lr), activation="relu", depth=2)
    shape = {"preprocessing": "none", "depth": 2, "width": 8, "batch_size": 4, "steps": 20}
    with store.open(write(tmp_path / "grid.duckdb", batch)) as opened:
        return opened.recommendation(**shape, **values).df()


def test_pairs_are_runs_that_share_a_seed(tmp_path):
    """Seeds differ by far more than combinations: only in pairs is the better one seen."""
    seeds = np.linspace(0.3, 0.9, 5)
    better = dict(enumerate(seeds + np.array([0.051, 0.049, 0.05, 0.052, 0.048])))
    found = ranked(tmp_path, {"better": better, "worse": dict(enumerate(seeds))})
    assert found["lr"].tolist() == [1.0, 2.0]
    assert found["clearly_better"].tolist()[1] is True
    assert found["lead"][1] == pytest.approx(0.05, abs=1e-6)
    assert found["shared_seeds"][1] == 5


@pytest.mark.parametrize("noisy", [None, 0, 6], ids=["alike", "the first", "another"])
def test_every_place_equals_the_oracle(noisy, tmp_path):
    """More combinations than are put together at least: further down, all of them to that place count."""
    draw = np.random.default_rng(7)
    noise = [0.01 * (1 + place % 3) * (6 if place == noisy else 1) for place in range(9)]
    runs = {f"{place}": draw.normal(0.8 - 0.02 * place, noise[place], 5) for place in range(9)}
    if noisy == 0:
        runs["0"] += 0.1
    scores = [{seed: float(np.float32(score)) for seed, score in enumerate(each)} for each in runs.values()]
    found = ranked(tmp_path, dict(zip(runs, scores, strict=True)))
    best_first = sorted(scores, key=lambda each: -np.mean(list(each.values())))
    expected = plain.leads(best_first, comparisons.LEVEL, 3, comparisons.TOGETHER)
    assert found["lead"][1:].tolist() == pytest.approx([one.lead for one in expected], abs=1e-6)
    assert found["lead_needed"][1:].tolist() == pytest.approx([one.needed for one in expected], rel=1e-4)


def test_seeds_that_are_not_shared_are_not_compared(tmp_path):
    apart = {"better": {0: 0.9, 1: 0.91, 2: 0.92}, "worse": {7: 0.2, 8: 0.21, 9: 0.2}}
    found = ranked(tmp_path, apart)
    assert found["shared_seeds"][1] == 0
    assert found[["lead", "lead_needed", "clearly_better"]].iloc[1].isna().all()


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_cannot_tell(seeds, tmp_path):
    found = ranked(tmp_path, {"a": dict.fromkeys(range(seeds), 0.95), "b": dict.fromkeys(range(seeds), 0.1)})
    assert found["lead"][1] == pytest.approx(0.85, abs=1e-6)
    assert found[["lead_needed", "clearly_better"]].iloc[1].isna().all()


def test_one_more_example_in_every_seed_is_not_clearly_better(tmp_path):
    """The same lead in every seed has no variance: without a least one it would count as certain."""
    alike = {"a": dict.fromkeys(range(3), 1.0), "b": dict.fromkeys(range(3), 359 / 360)}
    assert ranked(tmp_path, alike)["clearly_better"].tolist()[1] is False


def test_a_diverged_seed_counts_as_guessing(tmp_path):
    batch = Batch().run()
    for seed in range(3):
        batch.training(0.5, seed=seed, activation="relu", depth=2, chance=0.25)
        batch.training(0.5, diverges_at=2, seed=seed, lr=9.0, activation="relu", depth=2, chance=0.25)
    shape = {"preprocessing": "none", "depth": 2, "width": 8, "batch_size": 4, "steps": 20}
    with store.open(write(tmp_path / "grid.duckdb", batch)) as opened:
        found = opened.recommendation(**shape).df()
    assert found["score"].tolist() == pytest.approx([0.5, 0.25])
    assert found["lead"][1] == pytest.approx(0.25)
