"""A dashboard of its own for a test: started on a free loopback port, stopped at the end."""

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import warm

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.02
# In seconds: what takes this long hangs, however busy the machine is.
HANGS = 600
STREAMS: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Return the path of a Chromium, or None; one that has no windows draws a page in two thirds of the time."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def served(store: str | Path, *options: str, end: signal.Signals = signal.SIGINT) -> Iterator[str]:
    """Serve the dashboard on a store, with further options, and yield its address; end it with a signal."""
    with started([sys.executable, "-m", "dashboard", "--store", str(store), *options], end=end) as url:
        yield url


@contextmanager
def forked(store: str | Path, *options: str, end: signal.Signals = signal.SIGINT) -> Iterator[str]:
    """Do the same in a fork of an interpreter that has loaded the pages, which takes a fraction of the time."""
    arguments = ("--store", str(store), *options)
    start = lambda *port: warm.Process("dashboard", *arguments, *port, loaded=warm.PAGES, cwd=ROOT, **STREAMS)
    with _answering(start, end) as url:
        yield url


@contextmanager
def started(command: list[str], folder: Path = ROOT, end: signal.Signals = signal.SIGINT) -> Iterator[str]:
    """Start a command that serves pages, in a folder, and yield its address; end it with a signal."""
    start = lambda *port: subprocess.Popen([*command, *port], cwd=folder, **STREAMS)
    with _answering(start, end) as url:
        yield url


@contextmanager
def _answering(start: Callable[..., subprocess.Popen], end: signal.Signals) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start("--port", str(port))
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield url
    finally:
        process.send_signal(end)
        try:
            process.wait(timeout=HANGS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"the server did not end at {end.name}") from None


def _wait(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + HANGS
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(POLL_SECONDS)
    raise AssertionError("the dashboard did not answer")
