"""The largest number of a journal entry that a snapshot knows.

A journal may be lost. New entries must not take the numbers of those that are in a snapshot, which would take them for
what it has already.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreError
from goldilocks.store.files.attach import attached
from goldilocks.store.layout import Layout


def largest_published(layout: Layout) -> int:
    """Return the largest number of an entry in the newest snapshot that can be read; 0 when there is none."""
    for number in reversed(layout.snapshot_numbers()):
        file = layout.snapshot_file(number)
        try:
            return _largest(file, file.stat().st_ino, file.stat().st_mtime_ns)
        except (OSError, StoreError, duckdb.Error):
            continue
    return 0


@lru_cache(8)
def _largest(file: Path, inode: int, modified: int) -> int:
    with attached(file, read_only=True, own=True) as connection:
        sql = "SELECT max(TRY_CAST(split_part(entry, '-', 1) AS BIGINT)) FROM journal_entries"
        return connection.execute(sql).fetchall()[0][0] or 0
