"""Results made while the pages are served already: `goldilocks dashboard --reference --compute demo`.

The commands are those that a person would type, one after the other. They share the terminal: each shows there how far
it is, as if it had been started there.
"""

import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from goldilocks.dashboard import interpreter


@contextmanager
def working(store: str, *, reference: bool = False, grid: str | None = None) -> Iterator[None]:
    """Import the reference grid, then compute a grid, for as long as the body lasts.

    At the end a command in progress is interrupted, as by Ctrl-C, and waited for: what it has finished is kept. None
    follows it then.

    Args:
        store: path of the DuckDB file.
        reference: whether to import the reference grid first, unless the store has it.
        grid: name of a preset, or path of a grid file; None computes nothing.
    """
    commands: list[tuple[str, ...]] = []
    if reference:
        commands.append(("store", "import", "--store", store))
    if grid:
        path = str(Path(grid).absolute()) if Path(grid).suffix else grid
        commands.append(("run", "--store", store, "--", path))
    work = _Work(commands)
    work.start()
    try:
        yield
    finally:
        work.end()


class _Work(threading.Thread):
    """Commands, one after the other.

    Args:
        commands: what follows `goldilocks` on the command line of each.
    """

    def __init__(self, commands: Sequence[Sequence[str]]):
        super().__init__(daemon=True)
        self._commands = commands
        self._guard = threading.Lock()
        self._ended = False
        self._process: subprocess.Popen | None = None

    def run(self) -> None:
        """Run them; one that fails says why, and the next one follows."""
        for command in self._commands:
            with self._guard:
                if self._ended:
                    return
                # In a session of its own it gets one interrupt, from `end`, and not a second one from the terminal.
                self._process = process = subprocess.Popen(
                    interpreter.module("goldilocks", *command),
                    stdin=subprocess.DEVNULL,
                    cwd=interpreter.FOLDER,
                    start_new_session=True,
                )
            process.wait()

    def end(self) -> None:
        """Interrupt the command in progress, wait for it, and start no other."""
        with self._guard:
            self._ended = True
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait()
        except KeyboardInterrupt:
            # Who presses Ctrl-C again does not want to wait.
            self._process.kill()
            self._process.wait()
