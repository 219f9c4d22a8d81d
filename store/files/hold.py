"""Keeping writers away from a snapshot for as long as it is served.

DuckDB's own lock belongs to the process and goes when any handle on the file is closed, that of somebody else included.
A lock of the open file description stays, and a writer's DuckDB respects it.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

# struct flock: type, whence, start, length, process; 0 bytes long means the whole file.
_LAYOUT = "@hhqqi4x"


class Hold:
    """A lock for reading on a file; without effect where the system has no such locks.

    Args:
        file: the file.

    Raises:
        OSError: when it cannot be opened.
        BlockingIOError: when a writer holds it.
    """

    def __init__(self, file: Path) -> None:
        self._descriptor: int | None = os.open(file, os.O_RDONLY)
        try:
            import fcntl

            command = fcntl.F_OFD_SETLK
        except (ImportError, AttributeError):
            return
        try:
            fcntl.fcntl(self._descriptor, command, struct.pack(_LAYOUT, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))
        except (BlockingIOError, PermissionError) as error:
            self.release()
            raise BlockingIOError(error.errno, error.strerror, str(file)) from error
        except OSError:
            # A file system without locks.
            return

    def release(self) -> None:
        """Let writers in again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        self.release()
