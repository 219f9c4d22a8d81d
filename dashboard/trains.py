"""What it means that a network trains, in a sentence: the store's one definition, with the store's numbers."""

from goldilocks.dashboard import data

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
