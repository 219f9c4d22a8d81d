"""One writer per store. The operating system holds the lock, so that of a dead process is free by itself."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import threading
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from goldilocks.store.errors import StoreBusy, StoreInvalid, StoreWarning
from goldilocks.store.files import durable
from goldilocks.store.files.aside import set_aside
from goldilocks.store.files.hold import Hold
from goldilocks.store.files.pointer import refuse_foreign_file
from goldilocks.store.layout import Layout

# By process and store: the lock, the thread that holds it, and how often.
_held: dict[tuple[int, str], tuple[FileLock, int, int]] = {}
_guard = threading.RLock()


class WriterLock:
    """The right to write to a store, held inside a `with`. It may be nested within one thread.

    Args:
        layout: the store.

    Raises:
        StoreBusy: on entering, when another process or thread holds it; the message names the process and its start.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._key = (os.getpid(), str(layout.lock_file))

    def __enter__(self) -> WriterLock:
        thread = threading.get_ident()
        with _guard:
            lock, holder, depth = _held.get(self._key, (None, thread, 0))
            if holder != thread:
                raise _busy(self.layout, "another thread of ")
            if lock is None:
                lock = _acquire(self.layout)
            _held[self._key] = (lock, thread, depth + 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _guard:
            lock, thread, depth = _held.pop(self._key)
            if depth > 1:
                _held[self._key] = (lock, thread, depth - 1)
                return
            self.layout.writer_file.unlink(missing_ok=True)
            _remove_unused(self.layout)
            lock.release()


def writer(layout: Layout) -> dict[str, str | int] | None:
    """Return who writes to the store at this moment.

    Args:
        layout: the store.

    Returns:
        `pid`, `host`, `started_at` (UTC) and `command` of the writer, or None when there is no writer.
    """
    if not layout.lock_file.exists() or layout.lock_file.is_symlink():
        return None
    with _guard:
        if (os.getpid(), str(layout.lock_file)) in _held:
            return _described(layout)
        return _described(layout) if _is_locked(layout.lock_file) else None


def _is_locked(file: Path) -> bool:
    """Tell whether a process holds the lock, only reading the file, as users may who may not write there."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _refuse_links(layout: Layout) -> None:
    """Refuse a store in whose place for something a link leads elsewhere: there would be written, and swept."""
    for place in (layout.journal, layout.snapshots, layout.damaged, layout.lock_file, layout.writer_file):
        if place.is_symlink():
            raise StoreInvalid(f"{place} is a symbolic link, which leads out of the store: nothing is written there")


def _acquire(layout: Layout) -> FileLock:
    if "?" in str(layout.path):
        raise StoreInvalid(
            f"{layout.path} contains a question mark, and DuckDB cannot write to such a path. Choose another one with "
            "--store."
        )
    _refuse_links(layout)
    # Before a folder is made, and before a log is moved that belongs to somebody's database.
    refuse_foreign_file(layout)
    layout.prepare()
    lock = FileLock(layout.lock_file, timeout=0.2, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise _busy(layout) from None
    layout.writer_file.write_text(json.dumps(_description()))
    for folder, name in ((layout.journal, ""), (layout.snapshots, ""), (layout.path.parent, layout.path.name)):
        durable.sweep(folder, name)
    try:
        _refuse_without_links(layout)
        _set_logs_aside(layout)
    except BaseException:
        layout.writer_file.unlink(missing_ok=True)
        _remove_unused(layout)
        lock.release()
        raise
    return lock


def _refuse_without_links(layout: Layout) -> None:
    """Say before anything is computed that the pointer cannot be made."""
    if layout.path.is_symlink():
        return
    probe = durable.temporary(layout.path.parent, layout.path.name)
    try:
        probe.symlink_to(layout.folder.name)
        probe.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EROFS, errno.EACCES):
            raise
        raise StoreInvalid(
            f"{layout.path.parent} cannot hold a store ({error.strerror or error}): its file system must support "
            "symbolic links. Choose another place with --store."
        ) from None


def _is_written(database: Path) -> bool:
    """Tell whether another program has a database open for writing at this moment."""
    try:
        Hold(database).release()
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _set_logs_aside(layout: Layout) -> None:
    """Move away what another program wrote, which DuckDB would add to the next file of the same name."""
    for database in (layout.path, *map(layout.snapshot_file, layout.snapshot_numbers())):
        log = durable.log_of(database)
        if log.exists() and not _is_written(database):
            kept = set_aside(layout, log)
            warnings.warn(
                f"{log} was left by a program that opened the store for writing. Snapshots are read-only: it was "
                f"moved to {kept}, and what it holds is not in the store.",
                StoreWarning,
                stacklevel=5,
            )


def _remove_unused(layout: Layout) -> None:
    """Remove the folders of a store that has nothing in it, as a refused request leaves it.

    Whoever waits for the lock meanwhile notices that its file is gone, and makes another one.
    """
    unused = (layout.journal, layout.snapshots, layout.folder)
    if not layout.folder.exists():
        return
    if {path.name for path in layout.folder.iterdir()} - {layout.lock_file.name, "journal", "snapshots"}:
        return
    if any(any(folder.iterdir()) for folder in unused[:2] if folder.exists()):
        return
    layout.lock_file.unlink(missing_ok=True)
    for folder in unused:
        with suppress(OSError):
            folder.rmdir()


def _busy(layout: Layout, who: str = "") -> StoreBusy:
    first = _described(layout)
    return StoreBusy(
        f"{layout.path} is being written by {who}process {first['pid']} on {first['host']}, started "
        f"{first['started_at']} ({first['command']}). Wait for it, stop it, or choose another file with --store."
    )


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
        said = json.loads(layout.writer_file.read_text())
        return unknown | {key: value for key, value in said.items() if key in unknown and isinstance(value, str | int)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return unknown
