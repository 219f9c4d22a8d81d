"""Does the interval of L10 hold the share of networks that train, although networks of one seed share their draws?

`python -m tests.simulations.shares` prints the whole table; a small one is part of the tests.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy import stats

from tests.oracles.queries.lecture_training import independent

# With which probability networks of each of five initializations train.
CHANCES = {
    "all 50 %": (0.5,) * 5,
    "all 2 %": (0.02,) * 5,
    "all 90 %": (0.9,) * 5,
    "two never, two always": (0.001, 0.001, 0.5, 0.999, 0.999),
    "20 % to 90 %": (0.2, 0.4, 0.6, 0.8, 0.9),
}
# Which share of their luck networks of one seed have in common.
COMMON = (0.0, 0.5, 0.9)
SEEDS = (3, 5, 10)


def coverage(chances: tuple[float, ...], common: float, seeds: int, times: int, all_count: bool = False) -> float:
    """Returns how often the interval holds the true share.

    Args:
        chances: with which probability networks of each initialization train.
        common: share of the luck that networks of one seed have in common.
        seeds: how many.
        times: how many experiments are simulated.
        all_count: whether every network counts as independent, as it once did.
    """
    random = np.random.default_rng([seeds, int(100 * common)])
    of_seed = random.normal(size=(times, 1, seeds)) * common**0.5
    luck = of_seed + random.normal(size=(times, len(chances), seeds)) * (1 - common) ** 0.5
    shares = (luck < stats.norm.ppf(chances)[None, :, None]).mean(1)
    truth, z, held = np.mean(chances), 1.95996, 0
    for by_seed in shares:
        share, networks = by_seed.mean(), len(chances) * seeds
        number = networks if all_count else independent(by_seed.tolist(), networks)
        # The truth is within Wilson's interval when the share is within its normal one.
        held += abs(share - truth) <= z * (truth * (1 - truth) / number) ** 0.5
    return held / times


def main(times: int = 4000) -> None:
    """Prints the table, as it stands in store/NOTES.md."""
    print("| initializations train | luck in common | seeds | all networks | as it is |\n|---|---:|---:|---:|---:|")
    for (name, chances), common, seeds in itertools.product(CHANCES.items(), COMMON, SEEDS):
        before, now = (coverage(chances, common, seeds, times, all_count) for all_count in (True, False))
        print(f"| {name} | {common:.0%} | {seeds} | {before:.0%} | {now:.0%} |", flush=True)


if __name__ == "__main__":
    main()
