"""Text from elsewhere, made safe to show: what would command a terminal, or turn the reading order, is written out."""

from __future__ import annotations

import unicodedata

# Controls, formats (the marks that turn the reading order, zero-width characters), surrogates, line and paragraph ends.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: str, keep: str = "") -> str:
    """Return a text in which every character that is not seen is written as its escape.

    Args:
        text: from a file, a store, an address or an error.
        keep: characters that stay, such as line ends.

    Returns:
        The text; `ESC` for instance is the four characters `\\x1b`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one in keep or not _unseen(one) else _escape(one) for one in text)


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
