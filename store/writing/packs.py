"""Journal entries that lie together in one folder, since opening many small files is what takes the time.

A pack has the rows of its entries, each with the number of its entry, and a list of their names and digests. Nothing
else about an entry changes: it keeps its name, its number and the digest that snapshots recorded. Who writes packs is
`packing`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from goldilocks.store.files import digests
from goldilocks.store.files.digests import DigestsDamaged

# The list of entries in the folder of a pack.
LIST = "ENTRIES"
# The column with the number of the entry that a row is of.
COLUMN = "entry"
NAME = re.compile(r"packed-(\d{6,})-(\d{6,})")
ENTRY = re.compile(r"(\d{6,})-(.+)")
_ATTEMPTS = 20
Result = TypeVar("Result")


def name(first: int, last: int) -> str:
    """Return the name of the pack of the entries from one number to another."""
    return f"packed-{first:06d}-{last:06d}"


def folders(journal: Path) -> list[Path]:
    """Return the packs in the folder of a journal."""
    if not journal.is_dir():
        return []
    return sorted(path for path in journal.iterdir() if NAME.fullmatch(path.name) and not path.is_symlink())


def members(folder: Path) -> dict[str, str]:
    """Return the digest of every entry of a pack by its name; none where the list is missing or damaged."""
    file = folder / LIST
    if file.is_symlink():
        return {}
    try:
        listed = digests.read(file)
    except (OSError, DigestsDamaged):
        return {}
    digest_of = listed.files if listed else {}
    return dict(digest_of) if all(map(ENTRY.fullmatch, digest_of)) else {}


def unreadable(journal: Path) -> Iterator[Path]:
    """Yield the packs of which nobody knows whose rows they have."""
    return (folder for folder in folders(journal) if not members(folder))


def settled(journal: Path, read: Callable[[], Result]) -> Result:
    """Read entries anew where some were packed meanwhile, by the one who holds the writer lock.

    Args:
        journal: its folder.
        read: lists entries and reads them.

    Returns:
        What `read` returned while no pack came or went.
    """
    for _ in range(_ATTEMPTS):
        before = folders(journal)
        try:
            result = read()
        except Exception:
            if folders(journal) == before:
                raise
            continue
        if folders(journal) == before:
            return result
    return read()
