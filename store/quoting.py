"""Names and texts inside SQL that cannot be bound as values."""

from __future__ import annotations

import os


def identifier(name: str) -> str:
    """Return a name of a table, column or database as SQL, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | os.PathLike[str]) -> str:
    """Return a text or path as an SQL string, whatever is in it."""
    return "'" + str(text).replace("'", "''") + "'"
