"""What a person sees while a grid is computed: a bar on stderr with rate and time left."""

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from goldilocks.engine.data.download import DownloadBar
from goldilocks.store.command_line.printable import printable

MOST_NODES = 4


class Reporter(Protocol):
    """Shows how far a run is; also a context manager around the run."""

    def __enter__(self) -> "Reporter": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def start(self, cells: int, work: float) -> None:
        """Take in the size of the run: its cells, and its work in floating-point operations."""
        ...

    def advance(self, cells: int, work: float) -> None:
        """Take in how much is done so far in all."""
        ...

    def nodes(self, cells: Mapping[str, int]) -> None:
        """Take in how many cells each node of a cluster has done so far."""
        ...

    def say(self, sentence: str) -> None:
        """Show a sentence that stays."""
        ...

    def download(self, name: str) -> DownloadBar | None:
        """Return what shows the download of a file, or None."""
        ...


class Silence:
    """A reporter that says nothing."""

    def __enter__(self) -> "Silence":
        return self

    def __exit__(self, kind, error, trace) -> None:
        return None

    def start(self, cells: int, work: float) -> None:
        """Say nothing."""

    def advance(self, cells: int, work: float) -> None:
        """Say nothing."""

    def nodes(self, cells: Mapping[str, int]) -> None:
        """Say nothing."""

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def download(self, name: str) -> None:
        """Show nothing."""


class Bar:
    """A progress bar on stderr; sentences alone where stderr is no terminal."""

    def __init__(self) -> None:
        console = Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
        self._progress = Progress(
            TextColumn("{task.fields[cells]}/{task.fields[all_cells]} cells"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]} {task.fields[nodes]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=not console.is_terminal,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=None, cells=0, all_cells="?", rate="", nodes="")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, kind, error, trace) -> None:
        self._progress.stop()

    def start(self, cells: int, work: float) -> None:
        """Show an empty bar."""
        self._progress.update(self._task, total=work, all_cells=cells)

    def advance(self, cells: int, work: float) -> None:
        """Show how far the run is."""
        elapsed = self._progress.tasks[self._task].elapsed
        rate = f"{cells / elapsed:.1f} cells/s" if elapsed and cells else ""
        self._progress.update(self._task, completed=work, cells=cells, rate=rate)

    def nodes(self, cells: Mapping[str, int]) -> None:
        """Show the rate of each node behind that of all."""
        elapsed = self._progress.tasks[self._task].elapsed
        if elapsed:
            self._progress.update(self._task, nodes=printable(node_rates(cells, elapsed)))

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        self._progress.console.print(printable(sentence, "\n"))

    def download(self, name: str) -> "Transfer":
        """Show the download of a file below the bar."""
        return Transfer(name, self._progress.console)


def node_rates(cells: Mapping[str, int], seconds: float) -> str:
    """Return cells per second for each node, or the range of them where there are too many for a line.

    Args:
        cells: by name of the node.
        seconds: in which they were computed.
    """
    rates = {node: count / seconds for node, count in sorted(cells.items())}
    if len(rates) > MOST_NODES:
        return f"({len(rates)} nodes, {min(rates.values()):.1f} to {max(rates.values()):.1f} each)"
    return f"({', '.join(f'{node} {rate:.1f}' for node, rate in rates.items())})"


class Transfer:
    """A progress bar for one download; without a terminal, the sentence that it has begun.

    Args:
        name: the file.
        console: where to.
    """

    total = 0

    def __init__(self, name: str, console: Console):
        columns = (
            TextColumn("Downloading {task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._progress.add_task(name, total=None)
        if not console.is_terminal:
            console.print(f"Downloading {name}")
        self._progress.start()

    def update(self, count: int) -> None:
        """Show that a number of bytes more have come."""
        self._progress.update(self._task, advance=count, total=self.total or None)

    def reset(self) -> None:
        """Show an empty bar."""
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._progress.stop()
