"""Which name was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# Of a name this much is compared: comparing takes the product of both lengths.
MOST_COMPARED = 120


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
    close = get_close_matches(name.lower()[:MOST_COMPARED], folded, n=1, cutoff=0.5)
    hint = f"did you mean {folded[close[0]]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(names) or 'none'}"
