"""A dashboard of its own for a test: started on a free loopback port, stopped at the end."""

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.02
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
def started(command: list[str], folder: Path = ROOT, end: signal.Signals = signal.SIGINT) -> Iterator[str]:
    """Start a command that serves pages, in a folder, and yield its address; end it with a signal."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*command, "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield url
    finally:
        process.send_signal(end)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(POLL_SECONDS)
    raise AssertionError("the dashboard did not answer")
