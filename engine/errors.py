"""The one error that means "the request is wrong": reported without a traceback, with exit code 2."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

# Characters of a value that a message shows.
MOST_SHOWN = 120


class RequestError(ValueError):
    """What was asked for cannot be done as asked; the message says what came, what is allowed, what to do."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Say which allowed name was probably meant, then list them all.

    Args:
        name: what came.
        allowed: the valid names.

    Returns:
        A clause to end an error message with.
    """
    names = list(allowed)
    folded = {candidate.lower(): candidate for candidate in names}
    # Comparing takes the product of both lengths.
    close = get_close_matches(name.lower()[:MOST_SHOWN], folded, n=1, cutoff=0.5)
    hint = f"did you mean {folded[close[0]]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(names)}"


def short(value: Any) -> str:
    """Return a value as Python writes it, cut to a length that a message can have."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]} …"
