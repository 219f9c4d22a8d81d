"""Requests to end a run, such as Ctrl-C: they wait until what must not be torn is whole.

An exception that a signal raises in the middle of an import or of a query does not always come out as it went in:
DuckDB turns it into an error of its own, and a module half imported may end the process.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

REQUESTS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class _State:
    """Whether the end was requested, and whether this is a moment to comply."""

    requested: bool = False
    interruptible: bool = False
    deferring: bool = False


_state = _State()


def _take(number: int, frame: FrameType | None) -> None:
    # Who asks twice does not want to wait.
    if _state.interruptible or _state.requested:
        raise KeyboardInterrupt
    _state.requested = True


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Let requests to end wait for `interruptible`; does nothing outside of the main thread: no other gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _take) for number in REQUESTS}
    _state.requested, _state.interruptible, _state.deferring = False, False, True
    try:
        yield
    finally:
        _state.deferring = False
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """Take requests to end here, also one that waits.

    Raises:
        KeyboardInterrupt: somebody asks.
    """
    if not _state.deferring or threading.current_thread() is not threading.main_thread():
        yield
        return
    _state.interruptible = True
    try:
        if _state.requested:
            raise KeyboardInterrupt
        yield
    finally:
        _state.interruptible = False
