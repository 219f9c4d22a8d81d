"""The preloaded library that makes file operations of this process fail, seen from Python."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")


class Mode(IntEnum):
    """What happens at the chosen operation; in the order of the C source."""

    count = 0
    kill_before = 1
    kill_after = 2
    tear = 3
    fail_once = 4
    fail_on = 5
    clock_back = 6


FULL, READ_ONLY = errno.ENOSPC, errno.EROFS


def compiler() -> str | None:
    """Returns the C compiler of this machine, if it has one."""
    return shutil.which("cc") or shutil.which("gcc")


def preload() -> None:
    """Starts this program again with the library in front of the C library, unless it already runs so."""
    library = os.environ.pop("LD_PRELOAD", "")
    if library.endswith("/shim.so"):
        # It is mapped by now: neither this process nor those that it starts need the file any more.
        shutil.rmtree(Path(library).parent)
        return
    library = f"{tempfile.mkdtemp()}/shim.so"
    subprocess.run([str(compiler()), "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {"LD_PRELOAD": library})


def arm(folder: Path, mode: Mode, number: int = -1, error: int = 0, trace: int = -1) -> None:
    """Lets something happen at operation `number` below a folder, the first of which is 0."""
    library = ctypes.CDLL(None)
    library.arm(str(folder).encode(), int(mode), ctypes.c_long(number), error, trace)
