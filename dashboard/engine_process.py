"""Refreshing the grid from the browser: the engine as a process of its own, planned, started, watched and ended.

The dashboard never imports the engine: it runs the same commands that a person would type.
"""

import atexit
import importlib.util
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from goldilocks import store
from goldilocks.dashboard import interpreter
from goldilocks.dashboard.gate import RELAYED
from goldilocks.store.files.scratch import scratch

# What planning may take; a grid of a hundred thousand cells takes a tenth of it.
PLAN_SECONDS = 300
PLAN_BYTES = 2 * 10**9
LOOK_SECONDS = 0.1
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
# One plans, one waits.
_planner, _queue = threading.Lock(), threading.BoundedSemaphore(2)
_guard = threading.Lock()


def installed() -> bool:
    """Tell whether the engine can be run here: a dashboard may live where PyTorch does not."""
    return all(importlib.util.find_spec(name) is not None for name in ("goldilocks.engine", "torch"))


def local(address: str | None) -> bool:
    """Tell whether a server's address is reached from this machine only.

    Args:
        address: what it listens on; None means all addresses.
    """
    return address in LOOPBACK


def offered(address: str | None, headers: Mapping[str, str]) -> bool:
    """Tell whether a reader may compute: on loopback, and not through a proxy, behind which anybody may be.

    Args:
        address: what the server listens on.
        headers: of the reader's connection, as `dashboard.gate` passes them on.
    """
    return local(address) and RELAYED.decode() not in {name.lower() for name in headers}


def plan(grid: str) -> dict[str, Any]:
    """Return what a run of a grid would do: cells, done, batches, seconds, peak_bytes.

    One is planned at a time, and one may wait.

    Args:
        grid: a preset's name or the path of a grid file.

    Raises:
        Refused: the grid is wrong, planning takes too long or too much memory, or others plan already.
    """
    if not _queue.acquire(blocking=False):
        raise Refused("Another grid is being planned, and one more is waiting. Try again in a moment.")
    try:
        with _planner:
            code, out, err = _limited(_command("plan", grid), PLAN_SECONDS, PLAN_BYTES)
    finally:
        _queue.release()
    if code != 0:
        raise Refused(err.strip() or "The engine exited without an error message.")
    return json.loads(out)


def _limited(command: list[str], seconds: float, most_bytes: int) -> tuple[int, str, str]:
    """Run a command to its end and return exit code, stdout and stderr; end it when it takes more than it may."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=interpreter.FOLDER,
    )
    deadline = time.monotonic() + seconds
    while True:
        try:
            out, err = child.communicate(timeout=LOOK_SECONDS)
            return child.returncode, out, err
        except subprocess.TimeoutExpired:
            reason = None
            if time.monotonic() > deadline:
                reason = f"Planning takes longer than {seconds:g} seconds"
            elif _resident(child.pid) > most_bytes:
                reason = f"Planning takes more memory than {most_bytes / 1e9:g} GB"
            if reason:
                child.kill()
                child.communicate()
                raise Refused(f"{reason}. Plan this grid in a terminal, or make it smaller.") from None


def _resident(pid: int) -> int:
    """Return the bytes of memory that a process holds."""
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return 0


def keep(text: str, name: str = "edited") -> str:
    """Keep a grid as a file, and return its path.

    Args:
        text: TOML.
        name: what the run of the grid is called.
    """
    path = _folder() / f"{name}.toml"
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
        Refused: a run is in progress already.
    """
    layout = store.Layout.at()
    with _guard:
        busy = store.writer(layout)
        if busy or running():
            raise Refused("A run is in progress already. Wait for it, or cancel it.")
        log = _folder() / "engine.log"
        # Before it starts: a quick one may have finished cells before anybody counts.
        before = len(store.done_cells(layout))
        with open(log, "w") as sink:
            process = subprocess.Popen(
                _command("run", grid),
                stdout=sink,
                stderr=sink,
                stdin=subprocess.DEVNULL,
                cwd=interpreter.FOLDER,
                start_new_session=True,
            )
        run = Run(Path(grid).stem, process, missing, before, log)
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
    # Who reads pages is not who started them: a grid of theirs names no folder here, and makes nobody ask another
    # machine. The names of presets come from the store: after `--` none of them is an option.
    return interpreter.module("goldilocks", verb, "--json", "--confined", "--store", path, "--", grid)
