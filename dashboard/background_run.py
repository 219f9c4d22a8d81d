"""A grid computed while its pages are served already: `goldilocks dashboard --compute demo`.

The engine shares the terminal: it shows there how far it is, as if it had been started there.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from goldilocks.dashboard import interpreter


@contextmanager
def computing(grid: str | None, store: str) -> Iterator[None]:
    """Run the engine on a grid for as long as the body lasts.

    At the end a run in progress is interrupted, as by Ctrl-C, and waited for: what it has finished is kept.

    Args:
        grid: name of a preset, or path of a grid file; None computes nothing.
        store: path of the DuckDB file.
    """
    process = _start(grid, store) if grid else None
    try:
        yield
    finally:
        if process is not None:
            _end(process)


def _start(grid: str, store: str) -> subprocess.Popen:
    path = str(Path(grid).absolute()) if Path(grid).suffix else grid
    command = interpreter.module("goldilocks", "run", "--store", store, "--", path)
    # In a session of its own it gets one interrupt, from here, and not a second one from the terminal.
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=interpreter.FOLDER, start_new_session=True)


def _end(process: subprocess.Popen) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        process.wait()
    except KeyboardInterrupt:
        # Who presses Ctrl-C again does not want to wait.
        process.kill()
        process.wait()
