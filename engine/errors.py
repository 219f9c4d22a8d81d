"""The one error that means "the request is wrong": reported without a traceback, with exit code 2."""

from collections.abc import Iterable
from difflib import get_close_matches


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
    close = get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
    hint = f"did you mean {folded[close[0]]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(names)}"
