"""What caches tell snapshots apart by."""

from __future__ import annotations

from pathlib import Path


def key(snapshot: Path) -> str:
    """Return a text that is another one for other contents, even when a store was deleted and made anew.

    Args:
        snapshot: the file; it is not opened.

    Raises:
        FileNotFoundError: when there is none.
    """
    status = snapshot.stat()
    return f"{snapshot.stem}-{status.st_ino}-{status.st_mtime_ns}"
