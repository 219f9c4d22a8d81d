"""One disturbance and its aftermath, in processes of their own.

After it: whoever reads still sees the last good snapshot; `store check` passes, or repairs and says so; the job goes on
and ends like an undisturbed one; no batch that was finished has to be computed again.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.checks.check import check
from goldilocks.store.repairs.repair import repair
from goldilocks.store.snapshots import predecessor
from tests.faults import shim
from tests.faults.jobs import Job, contents, warm_up


@dataclass(frozen=True)
class Outcome:
    """What became of a trial.

    Attributes:
        killed: whether the disturbed process was killed.
        refused: the sentence with which it ended by itself, if it did not end well.
        repaired: what the repair said; nothing when the check passed at once.
        problems: everything that must not be.
    """

    killed: bool
    refused: str
    repaired: list[str]
    problems: list[str]


def forked(action: Callable[[], Any], kill_after: float | None = None) -> tuple[int, Any]:
    """Runs an action in a child process.

    Args:
        action: what to do there; returns something that JSON can say.
        kill_after: seconds until it is killed; None means never.

    Returns:
        The signal that ended it, or 0, and what the action returned, or the text of its exception.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = {"value": action()}
        except BaseException as error:
            answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, json.loads(answer) if answer else {}


class Bench:
    """A folder in which one job is disturbed again and again, each time from the same beginning.

    Args:
        job: the job.
        folder: an empty folder.
        seed: of the random choices among faults.

    Attributes:
        seconds: how long the undisturbed job takes.
        operations: its file operations, in order.
    """

    def __init__(self, job: Job, folder: Path, seed: int):
        warm_up()
        self.job, self.folder, self.draw = job, folder, random.Random(f"{job.name} {seed}")
        self.before, self.after, self.trial_folder = folder / "before", folder / "after", folder / "trial"
        self._must(lambda: job.prepare(self._layout(self.before)))
        self.seconds, self.operations = self._undisturbed()
        self.expected = self._must(lambda: contents(self.layout.path))
        shutil.copytree(self.trial_folder, self.after, symlinks=True)

    @property
    def layout(self) -> store.Layout:
        """The store that is disturbed."""
        return self._layout(self.trial_folder)

    @staticmethod
    def _layout(folder: Path) -> store.Layout:
        folder.mkdir(exist_ok=True, parents=True)
        return store.Layout.at(folder / "grid.duckdb")

    @staticmethod
    def _must(action: Callable[[], Any]) -> Any:
        _, answer = forked(action)
        if "error" in answer:
            raise RuntimeError(answer["trace"])
        return answer["value"]

    def _undisturbed(self) -> tuple[float, list[str]]:
        """Does the whole job; returns how many seconds it took, and its file operations in order."""
        trace = self.folder / "trace.txt"

        def work() -> None:
            with trace.open("wb") as file:
                shim.arm(self.trial_folder, shim.Mode.count, trace=file.fileno())
                self.job.run(self.layout)

        self.begin()
        start = time.monotonic()
        self._must(work)
        seconds = time.monotonic() - start
        return seconds, [line for line in trace.read_text().splitlines() if not line.startswith("from ")]

    def begin(self) -> None:
        """Puts the store back to its beginning."""
        self._put(self.before)

    def _put(self, state: Path) -> None:
        shutil.rmtree(self.trial_folder, ignore_errors=True)
        shutil.copytree(state, self.trial_folder, symlinks=True)

    def disturb(self, disturbance: Callable[[], Any], kill_after: float | None = None) -> Outcome:
        """Runs the job with a disturbance, from the beginning, and looks at what is left.

        Args:
            disturbance: called in the process of the job before it begins.
            kill_after: seconds until that process is killed.
        """
        self.begin()

        def work() -> None:
            disturbance()
            self.job.run(self.layout)

        sign, answer = forked(work, kill_after)
        return self.aftermath(sign == signal.SIGKILL, answer.get("error", ""))

    def finished(self) -> None:
        """Leaves the store as an undisturbed job leaves it."""
        self._put(self.after)

    def aftermath(self, killed: bool = False, refused: str = "") -> Outcome:
        """Looks at the store, repairs it if need be, finishes the job, and tells what was not as it must be."""
        _, answer = forked(lambda: self._examine(killed))
        problems = [answer["trace"]] if "error" in answer else answer["value"]["problems"]
        if refused and not refused.startswith(("StoreError", "StoreFailed", "StoreBusy", "OSError", "PermissionError")):
            problems.append(f"ended with {refused}")
        return Outcome(killed, refused, answer.get("value", {}).get("repaired", []), problems)

    def _examine(self, killed: bool) -> dict[str, list[str]]:
        warnings.simplefilter("ignore")
        layout, problems = self.layout, []
        if layout.snapshot_numbers():
            with store.open(layout) as opened:
                seen = opened.query("SELECT count(*) FROM cells").fetchall()[0][0]
            if not 0 <= seen <= self.job.cells:
                problems.append(f"a reader sees {seen} cells")
        sound = {entry.name for entry in predecessor.sound(layout, None)}
        kept = store.done_cells(layout) if sound else set()
        repaired = self._mend(layout, problems)
        lost = kept - store.done_cells(layout)
        if lost:
            problems.append(f"{len(lost)} finished cells are lost")
        self.job.run(layout)
        repaired += self._mend(layout, problems)
        if not layout.snapshot_numbers():
            # As whoever opens it is told to.
            store.publish(layout)
        if not sound <= {entry.name for entry in journal.entries(layout)}:
            problems.append("a finished journal entry is gone")
        found = contents(layout.path)
        problems += [f"table {name} differs" for name, rows in self.expected.items() if found[name] != rows]
        problems += [f"{path.name} is left over" for path in layout.folder.rglob(".unfinished*")]
        return {"repaired": repaired, "problems": problems}

    def _mend(self, layout: store.Layout, problems: list[str]) -> list[str]:
        """Checks, and repairs where a check fails; a store that has no snapshot yet has nothing to check."""
        if not layout.snapshot_numbers() or all(finding.holds for finding in check(layout)):
            return []
        said = list(repair(layout))
        problems += [f"after repair, {one.name}: {one.detail}" for one in check(layout) if not one.holds]
        return said or ["nothing"]


def evenly(count: int, most: int) -> list[int]:
    """Returns at most so many numbers below a count, evenly spread."""
    return (
        sorted({round(place * (count - 1) / max(1, most - 1)) for place in range(most)})
        if count > most
        else [*range(count)]
    )


def moments(seconds: float, count: int, draw: random.Random) -> list[float]:
    """Returns random moments of a job that takes so long."""
    return [draw.uniform(0, seconds) for _ in range(count)]
