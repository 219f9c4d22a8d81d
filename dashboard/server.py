"""The server: Streamlit's application under uvicorn, in this process."""

import os
import signal
import socket
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A browser that left without a word keeps its connection for so many seconds when the server is asked to end.
PATIENCE_SECONDS = 2


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


def run(bound: socket.socket) -> None:
    """Serve the pages until the process is asked to end.

    Args:
        bound: from `listen`.
    """
    # Streamlit reads its configuration, the theme included, from the folder it is started in.
    os.chdir(ROOT)
    # DuckDB computes beside Python, which loads modules meanwhile.
    threading.Thread(target=_open_store, daemon=True).start()
    import streamlit  # noqa: F401

    threading.Thread(target=_load_pages, daemon=True).start()
    serve(bound, ROOT / "dashboard" / "app.py")


def serve(bound: socket.socket, script: Path) -> None:
    """Serve a Streamlit script until the process is asked to end.

    Args:
        bound: from `listen`.
        script: its file.
    """
    address, port = bound.getsockname()
    import streamlit.config
    import uvicorn
    from streamlit.starlette import App

    app = App(script)
    streamlit.config.set_option("server.address", address)
    streamlit.config.set_option("server.port", port)
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=PATIENCE_SECONDS,
        log_level="warning",
    )
    # Ctrl-C and a request to end are the same: both are the ordinary way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        uvicorn.Server(config).run(sockets=[bound])
    except KeyboardInterrupt:
        return


def _open_store() -> None:
    """Compute what nearly every page asks for, before anybody asks."""
    import duckdb

    import store
    from dashboard import snapshot

    try:
        snapshot.open_early()
    except (snapshot.Moved, store.StoreError, duckdb.Error):
        # The page itself says what is wrong, and what to do.
        return


def _load_pages() -> None:
    """Load what the first page needs while its browser still loads scripts."""
    from dashboard import figure, shell  # noqa: F401
    from dashboard.lecture import chapters  # noqa: F401
