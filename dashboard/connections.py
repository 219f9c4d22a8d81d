"""How many connections a server keeps, and for how long: one that asks nothing is closed, and none is kept too many.

A connection costs a file descriptor. Where they run out, asyncio writes a traceback for each try to take one in.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# Seconds that a connection may take until it has asked something.
PATIENCE_SECONDS = 10.0
# Connections of all readers at a time; a browser uses about six, one of them for as long as its page is open.
MOST_CONNECTIONS = 512
# Descriptors that stay for the store and for files.
RESERVED_DESCRIPTORS = 128
# A message of one kind is written to the log at most once in so many seconds.
SPARING_SECONDS = 60.0

_waiting: OrderedDict[Connection, float] = OrderedDict()


class Connection(H11Protocol):
    """A connection that is closed when it asks nothing for a while, and when there are too many."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection in; in place of the one that has waited longest where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            oldest = next(iter(_waiting), self)
            oldest.drop()
            if oldest is self:
                return
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read; a request that is complete is no longer waited for."""
        super().data_received(data)
        if self.is_answering or not self.is_http:
            _waiting.pop(self, None)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.is_http and not self.is_answering and not self.transport.is_closing():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        _waiting.pop(self, None)
        super().connection_lost(exc)

    @property
    def is_http(self) -> bool:
        """Whether it is not a websocket by now."""
        return self.transport.get_protocol() is self

    @property
    def is_answering(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def drop(self) -> None:
        """Close the connection at once."""
        _waiting.pop(self, None)
        self.transport.abort()

    def _wait(self) -> None:
        _waiting[self] = time.monotonic()
        _waiting.move_to_end(self)
        self.loop.call_later(PATIENCE_SECONDS, self._expire)

    def _expire(self) -> None:
        since = _waiting.get(self)
        if since is not None and time.monotonic() - since >= PATIENCE_SECONDS - 0.01:
            self.drop()


def most_connections() -> int:
    """Return how many connections there may be, fewer where the system allows few descriptors."""
    try:
        import resource

        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    except (ImportError, OSError):
        return MOST_CONNECTIONS
    if allowed == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(8, min(MOST_CONNECTIONS, (allowed - RESERVED_DESCRIPTORS) // 2))


def drop_waiting() -> None:
    """Close every connection that has not asked anything."""
    for connection in list(_waiting):
        connection.drop()


def handle_trouble(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Take what asyncio has to say; when descriptors have run out, free some."""
    if "out of system resource" in str(context.get("message")):
        drop_waiting()
    loop.default_exception_handler(context)


class Sparing(logging.Filter):
    """A filter of a log that lets a message of one kind through once in a while."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a message is written."""
        # Of a traceback, the first line tells the kind.
        kind = (record.name, str(record.msg).partition("\n")[0][:200])
        now = time.monotonic()
        if now - self._last.get(kind, -SPARING_SECONDS) < SPARING_SECONDS:
            return False
        if len(self._last) > 1000:
            self._last.clear()
        self._last[kind] = now
        return True


def spare_logs() -> None:
    """Keep what strangers can cause from filling the log."""
    sparing = Sparing()
    for name in ("asyncio", "uvicorn.error", "streamlit"):
        logging.getLogger(name).addFilter(sparing)
