"""Refreshing the grid from the browser: the engine as a process of its own, planned, started, watched and ended.

The dashboard never imports the engine: it runs the same commands that a person would type.
"""

import atexit
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import store
from store.scratch import scratch

ROOT = Path(__file__).resolve().parent.parent
PLAN_SECONDS = 300
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Refused(Exception):
    """The engine refused the request, or there is none; the message says why, for the reader."""


@dataclass
class Run:
    """A run of the engine that this server started.

    Attributes:
        grid: name of the grid.
        process: the engine.
        missing: cells that it was started to compute.
        before: cells that the store held then.
        log: file with what it says.
        started: when, by the clock of `time.monotonic`.
    """

    grid: str
    process: subprocess.Popen
    missing: int
    before: int
    log: Path
    started: float = field(default_factory=time.monotonic)

    def done(self) -> int:
        """Return how many of its cells are finished, whether or not they are published yet."""
        return max(0, min(self.missing, len(store.done_cells(store.Layout.at())) - self.before))

    def seconds(self) -> float:
        """Return how long it has been running."""
        return time.monotonic() - self.started

    def said(self) -> str:
        """Return what the engine has said so far."""
        return self.log.read_text(errors="replace").strip() if self.log.exists() else ""


_latest: dict[str, Run] = {}
_guard = threading.Lock()


def installed() -> bool:
    """Tell whether the engine can be run here: a dashboard may live where PyTorch does not."""
    return all(importlib.util.find_spec(name) is not None for name in ("engine", "torch"))


def local(address: str | None) -> bool:
    """Tell whether a server's address is reached from this machine only.

    Args:
        address: what it listens on; None means all addresses.
    """
    return address in LOOPBACK


def plan(grid: str) -> dict[str, Any]:
    """Return what a run of a grid would do: cells, done, batches, seconds, peak_bytes.

    Args:
        grid: a preset's name or the path of a grid file.

    Raises:
        Refused: the grid is wrong, or planning takes too long.
    """
    try:
        done = subprocess.run(_command("plan", grid), capture_output=True, text=True, cwd=ROOT, timeout=PLAN_SECONDS)
    except subprocess.TimeoutExpired:
        raise Refused(f"Planning takes longer than {PLAN_SECONDS} seconds. Plan it in a terminal.") from None
    if done.returncode != 0:
        raise Refused(done.stderr.strip() or "The engine ended without a word.")
    return json.loads(done.stdout)


def keep(text: str) -> str:
    """Keep a grid that a reader typed as a file, and return its path.

    Args:
        text: TOML.
    """
    path = _folder() / "edited.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def _folder() -> Path:
    """Make a folder that lasts as long as this server."""
    return Path(tempfile.mkdtemp(dir=_scratch()))


@cache
def _scratch() -> Path:
    kept = ExitStack()
    atexit.register(kept.close)
    return kept.enter_context(scratch())


def start(grid: str, missing: int) -> Run:
    """Start the engine on a grid.

    Args:
        grid: a preset's name or the path of a grid file.
        missing: cells to compute, as planned.

    Raises:
        Refused: a run is going on already.
    """
    layout = store.Layout.at()
    with _guard:
        busy = store.writer(layout)
        if busy or running():
            raise Refused("A run is going on already; wait for it or cancel it.")
        log = _folder() / "engine.log"
        with open(log, "w") as sink:
            process = subprocess.Popen(
                _command("run", grid),
                stdout=sink,
                stderr=sink,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                start_new_session=True,
            )
        run = Run(Path(grid).stem, process, missing, len(store.done_cells(layout)), log)
        _latest[str(layout.path)] = run
        return run


def latest() -> Run | None:
    """Return the run that this server started last on the store, ended or not."""
    return _latest.get(str(store.Layout.at().path))


def running() -> Run | None:
    """Return the run that this server started and that has not ended."""
    run = latest()
    return run if run is not None and run.process.poll() is None else None


def cancel(run: Run) -> None:
    """Ask a run to end; what it has finished is kept.

    Args:
        run: one that this server started.
    """
    if run.process.poll() is None:
        os.kill(run.process.pid, signal.SIGINT)


def summary(run: Run) -> dict[str, Any] | None:
    """Return what an ended run reported, or None when it ended without a report."""
    try:
        return json.loads(run.said().splitlines()[-1])
    except (IndexError, ValueError):
        return None


def _command(verb: str, grid: str) -> list[str]:
    path = str(store.Layout.at().path)
    return [sys.executable, "-m", "engine", verb, grid, "--json", "--store", path]
