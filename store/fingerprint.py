"""Comparing tables without bringing their rows together: the number of rows, and the sum of their hashes.

Equal rows have equal hashes, NaN and infinity included, so equal tables have equal fingerprints in whatever order.
"""

from __future__ import annotations

from collections.abc import Sequence


def fingerprint(columns: Sequence[str]) -> str:
    """Return SQL for the aggregates `row_count` and `hash_sum`.

    Args:
        columns: what of each row counts; quoted here.
    """
    quoted = ", ".join(f'"{column}"' for column in columns)
    return f"count(*) AS row_count, sum(hash({quoted})::HUGEINT) AS hash_sum"
