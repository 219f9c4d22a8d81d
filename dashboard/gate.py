"""What reaches the pages: reading requests for this very server, from no page but its own.

A browser lets any page open a connection to this server, under any name that leads here. So a request names a host that
is this one, and a connection that a page opened names that same host as its origin. Streamlit's own check knows names
but no ports, and asks an address outside for names that it does not know; nothing it would ask about comes this far.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
USUAL_PORTS = {"http": 80, "https": 443}
READING = ("GET", "HEAD")
# Headers by which a proxy says for whom it asks.
FORWARDED = (b"forwarded", b"via", b"x-real-ip", b"x-forwarded")
# Set here for the pages, and never taken from outside.
RELAYED = b"x-goldilocks-relayed"
# Of Streamlit's paths: uploads stay in memory, and an agent drives pages without a browser.
CLOSED = ("/_stcore/upload_file", "/_stcore/agent")
MISDIRECTED, FORBIDDEN, NOT_ALLOWED = 421, 403, 405
# A page asks nobody but this server, whatever is in it, and no other page shows it as a part of itself. Streamlit and
# Vega make styles and functions as they go.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
ADDED = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


class Gate:
    """An ASGI application around another one, which sees what it may see only.

    Args:
        app: the pages.
        port: that the server listens on.
        public: whether it is reached by other machines.
        hosts: names by which it is reached beside those of this machine.
    """

    def __init__(self, app: App, port: int, public: bool, hosts: Iterable[str] = ()) -> None:
        self._app, self._port, self._public = app, port, public
        self._named = {name.lower().rstrip(".") for name in hosts}
        # What this machine calls itself. Its longer names would have to be asked of others: `--host` says them.
        machine = (socket.gethostname(),) if public else ()
        self._hosts = {*LOOPBACK_NAMES, *self._named, *(name.lower() for name in machine)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it pass."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(self._passed(scope), receive, _confined(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            status, sentence = refusal
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": f"{sentence}\n".encode()})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Say why a request is not answered, with its status; None when it is."""
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        if len(hosts) != 1 or (host := _netloc(f"//{hosts[0]}")) is None or not self._is_here(host[0]):
            return (
                MISDIRECTED,
                "This server does not answer to that name; `goldilocks dashboard --host NAME` allows it.",
            )
        if len(origins) > 1 or (origins and not self._is_own(origins[0], host)):
            return FORBIDDEN, "Requests from pages of another origin are not allowed."
        if scope["type"] == "http" and scope["method"] not in READING:
            return NOT_ALLOWED, "Only GET and HEAD are allowed."
        if scope["path"].startswith(CLOSED):
            return FORBIDDEN, "Nothing can be uploaded here."
        return None

    def _is_here(self, name: str) -> bool:
        """Tell whether a name leads here whoever answers for names: none that somebody else could point elsewhere."""
        return name in self._hosts or (self._public and _is_address(name))

    def _is_own(self, origin: str, host: tuple[str, int | None]) -> bool:
        found, usual = _netloc(origin), USUAL_PORTS.get(origin.partition("://")[0].lower())
        if found is None or usual is None:
            return False
        # A proxy that this server was told about may give its own name to pages, and none to this server.
        return (found[0], found[1] or usual) == (host[0], host[1] or usual) or found[0] in self._named

    def _passed(self, scope: Scope) -> Scope:
        """Return the request as the pages see it: with an origin that Streamlit knows, and whether it was relayed."""
        kept = [pair for pair in scope["headers"] if pair[0] not in (b"origin", RELAYED)]
        if _values(scope, b"origin"):
            kept.append((b"origin", f"http://127.0.0.1:{self._port}".encode()))
        if self._relayed(scope):
            kept.append((RELAYED, b"yes"))
        return {**scope, "headers": kept}

    def _relayed(self, scope: Scope) -> bool:
        """Tell whether somebody else than a browser on this machine may be asking."""
        if any(name.startswith(FORWARDED) for name, _ in scope["headers"]):
            return True
        origins = [f"//{host}" for host in _values(scope, b"host")] + _values(scope, b"origin")
        names = [found[0] for text in origins if (found := _netloc(text))]
        return any(name not in LOOPBACK_NAMES for name in names)


def _confined(send: Send) -> Send:
    """Return what sends an answer that tells the browser how far its page may reach."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = [name for name, _ in ADDED]
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in names]
            message = {**message, "headers": [*kept, *ADDED]}
        await send(message)

    return add


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


def _netloc(url: str) -> tuple[str, int | None] | None:
    """Return name and port of a URL; None when it has more or less than these, or is none."""
    try:
        found = urlsplit(url)
        name, port = found.hostname, found.port
    except ValueError:
        return None
    if not name or "@" in found.netloc or found.path.strip("/") or found.query or found.fragment:
        return None
    return name.lower().rstrip("."), port


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
