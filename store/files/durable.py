"""Making files survive a power cut: a rename is only a commit when what it names has reached the disk."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

TEMPORARY = ".unfinished-"
COPY_BYTES = 1 << 24
# What a file system answers that has no copying of its own between these two files.
_UNSUPPORTED = (errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP)


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporary(folder: Path, name: str) -> Path:
    """Return a hidden path in the same folder, under which `name` is to be written before its rename."""
    return folder / f"{TEMPORARY}{os.getpid()}-{name}"


def copy(source: Path, target: Path) -> None:
    """Copy a file; where the file system can, the two share their blocks until one is changed."""
    with source.open("rb", buffering=0) as reader, target.open("xb", buffering=0) as writer:
        left = os.fstat(reader.fileno()).st_size
        try:
            while left > 0 and (done := os.copy_file_range(reader.fileno(), writer.fileno(), left)):
                left -= done
        except (OSError, AttributeError) as error:
            if getattr(error, "errno", errno.ENOSYS) not in _UNSUPPORTED:
                raise
        shutil.copyfileobj(reader, writer, COPY_BYTES)


def commit(unfinished: Path, final: Path) -> None:
    """Give a complete file or folder its final name, durably."""
    if unfinished.is_dir():
        for file in unfinished.iterdir():
            sync(file)
    sync(unfinished)
    os.rename(unfinished, final)
    sync(final.parent)


def point(link: Path, target: Path) -> None:
    """Make `link` a relative symbolic link to `target`, in one step that readers cannot see half done."""
    aside = temporary(link.parent, link.name)
    aside.unlink(missing_ok=True)
    aside.symlink_to(os.path.relpath(target, link.parent))
    os.replace(aside, link)
    sync(link.parent)


def is_full(error: BaseException) -> bool:
    """Tell whether an error of the system or of DuckDB says that a disk has no room left."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left on device" in str(error)


def log_of(database: Path) -> Path:
    """Return the path at which DuckDB keeps what was written to a database and is not in its file yet."""
    return database.with_name(database.name + ".wal")


def discard(path: Path) -> None:
    """Remove a file, with what DuckDB keeps beside it and its digest, or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    for name in (path, *(path.with_name(path.name + ending) for ending in (".wal", ".tmp", ".sha256"))):
        if name.is_dir():
            shutil.rmtree(name, ignore_errors=True)
        else:
            name.unlink(missing_ok=True)


def sweep(folder: Path, name: str = "") -> None:
    """Remove what writers that vanished left unfinished in a folder. Only for the one who holds the writer lock."""
    for leftover in folder.glob(f"{TEMPORARY}*{name}"):
        discard(leftover)
