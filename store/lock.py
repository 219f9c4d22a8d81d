"""One writer per store. The operating system holds the lock, so that of a dead process is free by itself."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType

from filelock import FileLock, Timeout

from store import durable
from store.errors import StoreBusy
from store.layout import Layout

_held: dict[tuple[int, str], tuple[FileLock, int]] = {}
_guard = threading.RLock()


class WriterLock:
    """The right to write to a store, held inside a `with`. It may be nested within one process.

    Args:
        layout: the store.

    Raises:
        StoreBusy: on entering, when another process holds it; the message names that process and its start.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._key = (os.getpid(), str(layout.lock_file))

    def __enter__(self) -> WriterLock:
        with _guard:
            lock, depth = _held.get(self._key, (None, 0))
            if lock is None:
                lock = _acquire(self.layout)
            _held[self._key] = (lock, depth + 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _guard:
            lock, depth = _held.pop(self._key)
            if depth > 1:
                _held[self._key] = (lock, depth - 1)
                return
            self.layout.writer_file.unlink(missing_ok=True)
            lock.release()


def writer(layout: Layout) -> dict[str, str | int] | None:
    """Returns who writes to the store at this moment.

    Args:
        layout: the store.

    Returns:
        `pid`, `host`, `started_at` (UTC) and `command` of the writer, or None when nobody writes.
    """
    if not layout.lock_file.exists():
        return None
    with _guard:
        if (os.getpid(), str(layout.lock_file)) in _held:
            return _described(layout)
        lock = FileLock(layout.lock_file, timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return _described(layout)
        except OSError:
            # In a folder where nobody may write, nobody writes.
            return None
        lock.release()
        return None


def _acquire(layout: Layout) -> FileLock:
    layout.prepare()
    lock = FileLock(layout.lock_file, timeout=0.2, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        first = _described(layout)
        raise StoreBusy(
            f"{layout.path} is being written by process {first['pid']} on {first['host']}, started "
            f"{first['started_at']} ({first['command']}). Wait for it, stop it, or choose another file with --store."
        ) from None
    layout.writer_file.write_text(json.dumps(_description()))
    for folder, name in ((layout.journal, ""), (layout.snapshots, ""), (layout.path.parent, layout.path.name)):
        durable.sweep(folder, name)
    return lock


def _description() -> dict[str, str | int]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started_at": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "command": " ".join(sys.argv),
    }


def _described(layout: Layout) -> dict[str, str | int]:
    unknown: dict[str, str | int] = dict.fromkeys(("pid", "host", "started_at", "command"), "unknown")
    try:
        return unknown | json.loads(layout.writer_file.read_text())
    except (OSError, ValueError):
        return unknown
