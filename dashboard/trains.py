"""What it means that a network trains, in a sentence: the store's one definition, with the store's numbers."""

import pandas as pd

from goldilocks.dashboard import data, verdicts

# Shares of the way from guessing to all correct that have a name.
WORDS = {0.5: "half"}


def definition() -> str:
    """Return the sentence that stands wherever a page says that something trains."""
    limits = data.thresholds()
    share, chance = limits["trains"], limits["chance"]
    way, least = WORDS.get(share, f"{share:.0%} of the"), chance + share * (1 - chance)
    return (
        f"A network trains when its loss stays finite and it ends at least {way} way from guessing to all correct: "
        f"at a test accuracy of {least:.0%} or more with {1 / chance:.0f} equally frequent classes."
    )


def of_seeds(share: float, seeds: int) -> str:
    """Return how many seeds train, of how many: a share of three seeds in per cent claims more than was measured.

    Args:
        share: of the seeds.
        seeds: all of them.
    """
    return f"{round(share * seeds)} of {seeds}" if pd.notna(share) else verdicts.NONE


def counted(share: float, runs: int) -> str:
    """Return a share of runs as a count, where it is one: a mean over configurations of several seeds may not be.

    Args:
        share: of the runs.
        runs: all of them.
    """
    whole = pd.isna(share) or abs(share * runs - round(share * runs)) < 1e-6
    return of_seeds(share, runs) if whole else f"{share:.0%} of {runs}"
