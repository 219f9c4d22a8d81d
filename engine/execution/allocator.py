"""Keeping freed memory: a training step frees and takes the same tensors again and again.

By default the C library gives large blocks back to the system at once, and every new tensor pays for fresh pages; on a
CPU that costs more than the arithmetic on it.
"""

import ctypes
import sys

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
KEPT_BYTES = 1 << 28


def keep_freed_memory() -> None:
    """Let this process keep blocks up to KEPT_BYTES for itself; does nothing where the C library is not glibc."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
        # Threads share one heap: that of a thread of its own would be given back in pieces all the time.
        mallopt(_ARENA_MAX, 1)
