"""Text from elsewhere on a page: what a store, an address or an error says is shown as it is, never as Markdown.

Streamlit reads nearly everything as Markdown, with additions of its own: links and images, formulas between `$`,
colours as `:red[…]`, emoji as `:name:`, dashes and arrows as `--` and `->`, and bare addresses as links. Whoever names
an initialization or a column could so make the browser of a reader ask another server, or a page say what it does not.
"""

from __future__ import annotations

import re

from goldilocks.store.command_line.printable import printable

# Every character that begins or ends something in Markdown; an underscore or colon only where it can.
_SPECIAL = re.compile(
    r"[\\`*\[\]{}<>#~$|&^!]|(?<![^\W_])_|_(?![^\W_])|:(?=[A-Za-z0-9_+/-])|^[-+=]|^\d+(?=[.)](?:\s|$))"
)
# Addresses are links even where each of their characters is escaped; a joiner that is not seen parts them.
_ADDRESS = re.compile(r"(?<=[:@])(?=/|\w)|(?<=www)(?=\.)|(?<=[Ww][Ww][Ww])(?=\.)")
# Between spaces these become a dash, arrows and signs, escaped or not.
_SYMBOL = re.compile(r"(?<!\S)(<(?=->(?!\S))|[-<](?=-(?!\S))|-(?=>(?!\S))|[<>~](?==(?!\S)))")
JOINER = "\u2060"


def verbatim(text: object) -> str:
    """Return a text so that it stands on a page as it is.

    Args:
        text: from a store, an address, a file or an error.

    Returns:
        Markdown that shows the text in one line, without any meaning of its own.
    """
    line = printable(" ".join(str(text).split()))
    parted = _ADDRESS.sub(JOINER, line) if "://" in line or "@" in line or "www." in line.lower() else line
    return _SPECIAL.sub(_escaped, _SYMBOL.sub(rf"\1{JOINER}", parted))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    # A number at the beginning would be that of a list.
    return f"{character}{JOINER}" if character[0].isdigit() else f"\\{character}"
