"""The server: Streamlit's application under uvicorn, in this process."""

import os
import signal
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn

HERE = Path(__file__).resolve().parent
# A browser that left without a word keeps its connection for so many seconds when the server is asked to end.
PATIENCE_SECONDS = 2
# Connections that wait until they are taken in.
BACKLOG = 128
# The largest message of a browser is the text of a statement, or of a grid.
MOST_MESSAGE_BYTES = 2 * 2**20


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address.

    Args:
        address: IPv4 address of this machine.
        port: TCP port.

    Raises:
        OSError: the port is taken.
    """
    # asyncio turns Nagle's algorithm off for sockets that name their protocol, and for no others. With it each page
    # waited 40 ms for the browser's acknowledgement of its first message.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
        bound.listen()
    except OSError:
        bound.close()
        raise
    return bound


def run(bound: socket.socket, hosts: Sequence[str] = ()) -> None:
    """Serve the pages until the process is asked to end.

    Args:
        bound: from `listen`.
        hosts: names by which the server is reached beside those of this machine.
    """
    # Streamlit reads its configuration, the theme included, from the folder it is started in.
    os.chdir(HERE)
    # DuckDB computes beside Python, which loads modules meanwhile.
    threading.Thread(target=_open_store, daemon=True).start()
    import streamlit  # noqa: F401

    threading.Thread(target=_load_pages, daemon=True).start()
    serve(bound, HERE / "app.py", hosts)


def serve(bound: socket.socket, script: Path, hosts: Sequence[str] = ()) -> None:
    """Serve a Streamlit script until the process is asked to end.

    Args:
        bound: from `listen`.
        script: its file.
        hosts: as for `run`.
    """
    address, port = bound.getsockname()
    import streamlit.config
    import uvicorn
    from streamlit.starlette import App

    from goldilocks.dashboard import connections
    from goldilocks.dashboard.gate import LOOPBACK_NAMES, Gate

    app = Gate(App(script), port, address not in LOOPBACK_NAMES, hosts)
    streamlit.config.set_option("server.address", address)
    streamlit.config.set_option("server.port", port)
    config = uvicorn.Config(
        app,
        http=connections.Connection,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=MOST_MESSAGE_BYTES,
        backlog=BACKLOG,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE_SECONDS,
        log_level="warning",
    )
    connections.spare_logs()
    # Ctrl-C and a request to end are the same: both are the ordinary way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _server(config).run(sockets=[bound])
    except KeyboardInterrupt:
        return


def _server(config: "uvicorn.Config") -> "uvicorn.Server":
    import asyncio

    import uvicorn

    from goldilocks.dashboard.connections import handle_trouble

    class Server(uvicorn.Server):
        """A server whose loop frees descriptors when they have run out."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            asyncio.get_running_loop().set_exception_handler(handle_trouble)
            await super().startup(sockets)

    return Server(config)


def _open_store() -> None:
    """Compute what nearly every page asks for, before anybody asks."""
    import duckdb

    from goldilocks import store
    from goldilocks.dashboard import snapshot

    try:
        snapshot.open_early()
    except (snapshot.Moved, store.StoreError, duckdb.Error):
        # The page itself says what is wrong, and what to do.
        return


def _load_pages() -> None:
    """Load what the first page needs while its browser still loads scripts."""
    from goldilocks.dashboard import figure, shell  # noqa: F401
    from goldilocks.dashboard.lecture import chapters  # noqa: F401
