"""What people write where a number or a text is required, and what they should write instead."""

import re
import tomllib

from goldilocks.engine.errors import MOST_SHOWN

_PLACE = re.compile(r"\(at line (\d+), column \d+\)")
_NUMBER = r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_FRACTION = re.compile(rf"(?<![\w./])([-+]?{_NUMBER})\s*/\s*({_NUMBER})(?![\w./])")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_BARE = re.compile(r"[A-Za-z_][\w-]*(?:\([^()]*\))?")
_WORDS = ("true", "false", "inf", "nan")


def explained(text: str, error: tomllib.TOMLDecodeError) -> str:
    """Say what is wrong with a text that is not TOML.

    Args:
        text: the text.
        error: what the parser says of it.
    """
    place = _PLACE.search(str(error))
    if place is None:
        return f"not valid TOML: {error}"
    number = int(place[1])
    line = text.split("\n")[number - 1].strip()
    shown = line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN]} …"
    return f"not valid TOML: line {number}: {shown}: {_slip(line) or _PLACE.sub('', str(error)).strip()}"


def fraction(text: object) -> str | None:
    """Say what to write instead of a fraction such as 1/3, or None where there is none."""
    match = _FRACTION.search(_STRING.sub('""', text)) if isinstance(text, str) else None
    if match is None or float(match[2]) == 0:
        return None
    return f"{match[0]} is a fraction, and a number is required: write {float(match[1]) / float(match[2]):.10g}"


def _slip(line: str) -> str | None:
    """Say which slip a line has: a fraction, or text without quotation marks."""
    line = _STRING.sub('""', line).partition("#")[0]
    # Within a list of several lines there is no key.
    value = line.partition("=")[2] if re.match(r"[\w-]+\s*=", line) else line
    if said := fraction(value):
        return said
    words = [word for word in _BARE.findall(value) if word not in _WORDS]
    if words and words[0].lower() in _WORDS:
        return f"write {words[0].lower()}"
    return f'text needs quotation marks: write "{words[0]}"' if words else None
