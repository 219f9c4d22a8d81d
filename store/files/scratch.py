"""Folders for what need not last: removed at the end, and those of processes that were killed when the next one starts.

As for the lock of the writer, the operating system knows who is alive: a folder whose lock can be taken has no owner.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "goldilocks-"
_LOCK = "lock"


@contextmanager
def scratch(parent: Path | None = None) -> Iterator[Path]:
    """Give an empty folder, and remove it at the end.

    Args:
        parent: where; None means the folder of the system for temporary files.

    Returns:
        The folder.
    """
    place = parent or Path(tempfile.gettempdir())
    _sweep(place)
    # Under another name until it is locked, so that no other process takes it for one without owner.
    new = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=place))
    lock = FileLock(new / _LOCK, thread_local=False)
    lock.acquire()
    folder = new.rename(place / new.name.removeprefix("."))
    try:
        inside = folder / "files"
        inside.mkdir()
        yield inside
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _sweep(place: Path) -> None:
    """Remove the folders of processes that vanished."""
    for folder in place.glob(f"{PREFIX}*"):
        file = folder / _LOCK
        if not file.exists():
            continue
        lock = FileLock(file, timeout=0, thread_local=False)
        try:
            with lock:
                shutil.rmtree(folder, ignore_errors=True)
        except (Timeout, OSError):
            # Somebody works there, or it belongs to another user.
            continue
