"""The one error that means "the request is wrong": reported without a traceback, with exit code 2."""

from typing import Any

# Characters of a value, and of another program's message, that a message shows.
MOST_SHOWN = 120
MOST_SAID = 200


class RequestError(ValueError):
    """The request cannot be carried out; the message says what came, what is allowed, what to do."""


def short(value: Any) -> str:
    """Return a value as Python writes it, cut to a length that a message can have."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]} …"


def said(error: BaseException) -> str:
    """Return the class of what was raised and the first line of what it says, cut to what a message can hold."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]} …"
