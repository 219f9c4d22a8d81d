"""Does the ranking call one of several identical combinations clearly better, and does it find one that is?

`python -m tests.simulations.comparisons` prints the whole table; a small one is part of the tests. The rule is that of
the named query `recommendation`; `leads` here is the same for many rankings at once, and tests compare it with the
query's oracle.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from tests.oracles.leads import normal

COMBINATIONS, SEEDS = (2, 5, 12, 40), (3, 5, 10)
LEVEL, TOGETHER = 0.03, 5
TEST_EXAMPLES = 360
# By how much the better one is better, in standard deviations of one run.
BETTER = 3.0


def shared(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Returns what all runs with one seed have in common, beside the noise of each run."""
    return random.normal(size=(shape[0], 1, shape[2]))


def _normal(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    return shared(random, shape) + random.normal(size=shape)


def _heavy(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    return shared(random, shape) + random.standard_t(3, size=shape)


def _uneven(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    return shared(random, shape) + random.normal(size=shape) * np.exp(shared(random, shape))


def _counted(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    rate = np.clip(0.95 + 0.01 * shared(random, shape), 0, 1)
    return random.binomial(TEST_EXAMPLES, rate, size=shape) / TEST_EXAMPLES


def _ceiling(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    return random.binomial(TEST_EXAMPLES, 0.998, size=shape) / TEST_EXAMPLES


def _lucky(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    return np.where(random.random(shape) < 0.5, 0.95, 0.1) + 0.01 * random.normal(size=shape)


def _one_noisy(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    return shared(random, shape) + random.normal(size=shape) * np.where(np.arange(shape[1]) == 0, 10, 1)[:, None]


def _one_quiet(random: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    return shared(random, shape) + random.normal(size=shape) * np.where(np.arange(shape[1]) == 0, 0.1, 1)[:, None]


# Scores of combinations of equal mean `[ranking, combination, seed]`.
NOISES: dict[str, Callable[[np.random.Generator, tuple[int, int, int]], np.ndarray]] = {
    "normal": _normal,
    "heavy tails (t₃)": _heavy,
    "seeds of unequal noise": _uneven,
    "counted, 360 examples": _counted,
    "near 100 %": _ceiling,
    "half of the runs fail": _lucky,
    "one has 10 times the noise": _one_noisy,
    "one has a tenth of the noise": _one_quiet,
}


def leads(scores: np.ndarray, level: float = LEVEL, together: int = TOGETHER) -> np.ndarray:
    """Returns which combinations the first is clearly better than, ranked by their means `[ranking, place]`.

    Args:
        scores: `[ranking, combination, seed]`, every combination with the same seeds, at least three.
        level: how often identical combinations may seem different.
        together: combinations whose differences are put together at least.
    """
    _, count, seeds = scores.shape
    order = np.argsort(-scores.mean(2), axis=1, kind="stable")
    ranked = np.take_along_axis(scores, order[:, :, None], axis=1)
    steps = np.diff(np.sort(np.round(ranked.reshape(len(ranked), -1), 5), axis=1), axis=1)
    step = np.where(steps > 0, steps, np.inf).min(1)
    least = np.where(np.isfinite(step), step, 0)[:, None] ** 2 / 6
    differences = ranked[:, :1] - ranked
    lead, own = differences.mean(2), differences.var(2, ddof=1)
    place = np.arange(1, count + 1)
    # Mean square that is left beside the effects of combinations and seeds, of all down to a place.
    means, sums = ranked.mean(2), np.cumsum(ranked, axis=1)
    within = np.cumsum((ranked**2).sum(2), 1) - (sums**2).sum(2) / place
    between = seeds * (np.cumsum(means**2, 1) - np.cumsum(means, 1) ** 2 / place)
    freedom = (place - 1) * (seeds - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = 2 * np.maximum(within - between, 0) / freedom
    first = min(together, count) - 1
    pooled[:, :first], freedom[:first] = pooled[:, first : first + 1], freedom[first]
    # The first may be noisier than the rest, and so may the other one.
    of_first = np.cumsum(own, axis=1) / np.maximum(place - 1, 1)
    of_first[:, :first] = of_first[:, first : first + 1]
    noisiest = np.maximum.reduce([pooled, of_first, own, np.broadcast_to(least, own.shape)])
    alone = _students(level / 2, np.array(seeds - 1)) * np.sqrt(np.maximum(own, least) / seeds)
    picked = _students(level / (count * (count - 1)), freedom) * np.sqrt(noisiest / seeds)
    return (lead > np.maximum(alone, picked)) & (place > 1)


def _students(tail: float, freedom: np.ndarray) -> np.ndarray:
    z = normal(tail) * (8 * freedom + 3) / (8 * freedom + 1)
    return np.sqrt(freedom * np.expm1(z**2 / freedom))


def false_alarms(noise: str, combinations: int, seeds: int, rankings: int) -> tuple[float, float]:
    """Returns how often the first of combinations of equal mean seems clearly better than any other, and than another.

    Args:
        noise: a key of `NOISES`.
        combinations: how many are compared.
        seeds: of each.
        rankings: how many rankings are simulated.
    """
    random = np.random.default_rng([combinations, seeds])
    clear = leads(NOISES[noise](random, (rankings, combinations, seeds)))
    return float(clear.any(1).mean()), float(clear[:, 1:].mean())


def found(combinations: int, seeds: int, rankings: int, better: float = BETTER) -> float:
    """Returns than which share of the others one that is better by some standard deviations is found clearly better."""
    random = np.random.default_rng([combinations, seeds, 1])
    scores = _normal(random, (rankings, combinations, seeds))
    scores[:, 0] += better
    return float(leads(scores)[:, 1:].mean())


def main(rankings: int = 20_000) -> None:
    """Prints the tables, as they stand in store/NOTES.md."""
    heads = [f"{seeds} seeds: {count}" for seeds, count in itertools.product(SEEDS, COMBINATIONS)]
    print(f"| noise | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}")
    for noise in NOISES:
        cells = (
            false_alarms(noise, count, seeds, rankings)[0] for seeds, count in itertools.product(SEEDS, COMBINATIONS)
        )
        print(f"| {noise} | {' | '.join(f'{100 * share:.1f}' for share in cells)} |", flush=True)
    cells = (found(count, seeds, rankings) for seeds, count in itertools.product(SEEDS, COMBINATIONS))
    print(f"| better by {BETTER:g} sd: found | {' | '.join(f'{100 * share:.0f}' for share in cells)} |")


if __name__ == "__main__":
    main()
