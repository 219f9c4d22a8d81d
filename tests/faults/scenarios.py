"""The faults: deaths at chosen and random points, a failing file system, damaged files, clocks, and a second writer."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from goldilocks import store
from goldilocks.store import journal
from tests.faults import shim
from tests.faults.shim import FULL, READ_ONLY, Mode
from tests.faults.trial import Bench, Outcome, evenly, forked, moments


@dataclass(frozen=True)
class Size:
    """How large a campaign is: points per kind of death, random kills, and trials of each other fault."""

    points: int
    random: int
    others: int


SHORT, LONG = Size(2, 3, 1), Size(30, 120, 8)


def operations(bench: Bench) -> list[str]:
    """Returns the file operations of the undisturbed job, in order."""
    trace = bench.folder / "trace.txt"

    def work() -> None:
        with trace.open("wb") as file:
            shim.arm(bench.trial_folder, Mode.count, trace=file.fileno())
            bench.job.run(bench.layout)

    bench.begin()
    forked(work)
    return [line for line in trace.read_text().splitlines() if not line.startswith("from ")]


def points(bench: Bench, most: int) -> list[int]:
    """Returns numbers of operations: of the many writes a few, of everything else all, at most so many."""
    names = [line.split()[0] for line in operations(bench)]
    rare = [number for number, name in enumerate(names) if name != "write"]
    writes = [number for number, name in enumerate(names) if name == "write"]
    chosen = [rare[place] for place in evenly(len(rare), most - most // 4)]
    return sorted(chosen + [writes[place] for place in evenly(len(writes), most // 4)])


def at_points(mode: Mode, error: int = 0) -> Callable[[Bench, Size], Iterator[Outcome]]:
    """Returns the scenario in which something happens at each of the chosen operations."""

    def scenario(bench: Bench, size: Size) -> Iterator[Outcome]:
        most = size.points if mode in (Mode.kill_before, Mode.kill_after, Mode.tear) else size.others
        for number in points(bench, most):
            yield bench.disturb(lambda number=number: shim.arm(bench.trial_folder, mode, number, error))

    return scenario


def at_random(bench: Bench, size: Size) -> Iterator[Outcome]:
    """Kills at random moments."""
    for moment in moments(0.9 * bench.seconds, size.random, seed=0):
        yield bench.disturb(lambda: None, kill_after=moment)


def chain(bench: Bench, size: Size) -> Iterator[Outcome]:
    """Kills again and again without a repair between, and looks only then."""
    for number in range(size.others):
        bench.begin()
        for moment in moments(bench.seconds, 4, seed=number):
            forked(lambda: bench.job.run(bench.layout), kill_after=moment)
        yield bench.aftermath(killed=True)


def read_only(bench: Bench, size: Size) -> Iterator[Outcome]:
    """A folder in which nothing can be written from the beginning."""
    yield bench.disturb(lambda: shim.arm(bench.trial_folder, Mode.fail_on, 0, READ_ONLY))


def torn_entries(bench: Bench, size: Size) -> Iterator[Outcome]:
    """A file of a finished batch is cut off or overwritten, after its publication or before."""
    generator = random.Random(1)
    for number in range(size.others):
        bench.finished()
        files = sorted(bench.layout.journal.glob("*/*.parquet"))
        file = generator.choice(files)
        content = bytearray(file.read_bytes())
        if number % 2:
            content[4 : len(content) - 8] = generator.randbytes(len(content) - 12)
        file.write_bytes(content[: generator.randrange(len(content))] if number % 2 == 0 else content)
        if number % 3 == 0:
            store_without_snapshots(bench.layout)
        yield bench.aftermath()


def store_without_snapshots(layout: store.Layout) -> None:
    """Removes the snapshots, as if nothing had been published yet."""
    for number in layout.snapshot_numbers():
        layout.snapshot_file(number).unlink()


def corrupted_snapshots(bench: Bench, size: Size) -> Iterator[Outcome]:
    """The newest snapshot is cut off, or some of its blocks are overwritten."""
    generator = random.Random(2)
    for number in range(size.others):
        bench.finished()
        # One more snapshot of the same contents, so that there is a last good one.
        forked(lambda: store.publish(bench.layout, anew=True) and None)
        file = bench.layout.resolve()
        content = bytearray(file.read_bytes())
        if number % 2:
            start = generator.randrange(0, len(content) - 4096)
            content[start : start + 4096] = generator.randbytes(4096)
            file.write_bytes(content)
        else:
            file.write_bytes(content[: generator.randrange(len(content))])
        yield bench.aftermath()


def missing_pointer(bench: Bench, size: Size) -> Iterator[Outcome]:
    """The pointer is gone, or names nothing, or the snapshots are gone."""
    bench.finished()
    bench.layout.path.unlink()
    yield bench.aftermath()
    bench.finished()
    bench.layout.resolve().unlink()
    yield bench.aftermath()
    bench.finished()
    store_without_snapshots(bench.layout)
    yield bench.aftermath()


def lost_entries(bench: Bench, size: Size) -> Iterator[Outcome]:
    """A folder of the journal is gone, but a snapshot has its cells."""
    bench.finished()
    entry = journal.entries(bench.layout)[-1 if bench.job.name == "store" else 1]
    for file in entry.path.iterdir():
        file.unlink()
    entry.path.rmdir()
    yield bench.aftermath()


def second_writer(bench: Bench, size: Size) -> Iterator[Outcome]:
    """A second process starts on the same store: it is told who the first is, and nothing is lost."""
    bench.begin()

    def both() -> None:
        with store.WriterLock(bench.layout):
            _, answer = forked(lambda: bench.job.run(bench.layout))
            first = store.writer(bench.layout)
        assert answer["error"].startswith("StoreBusy"), answer
        assert f"process {first['pid']}" in answer["error"], answer
        assert f"started {first['started_at']}" in answer["error"], answer

    _, answer = forked(both)
    yield bench.aftermath(refused=answer.get("error", ""))


def stale_lock(bench: Bench, size: Size) -> Iterator[Outcome]:
    """A writer was killed and left its lock and its name: nobody writes, and the next one takes over."""
    bench.begin()

    def die() -> None:
        store.WriterLock(bench.layout).__enter__()
        os.kill(os.getpid(), signal.SIGKILL)

    forked(die)
    _, answer = forked(lambda: (bench.layout.writer_file.exists(), store.writer(bench.layout)))
    outcome = bench.aftermath(killed=True)
    if answer.get("value") != [True, None]:
        outcome.problems.append(f"a dead writer is taken for a living one: {answer}")
    yield outcome


SCENARIOS: dict[str, Callable[[Bench, Size], Iterator[Outcome]]] = {
    "killed before an operation": at_points(Mode.kill_before),
    "killed after an operation": at_points(Mode.kill_after),
    "killed in the middle of a write": at_points(Mode.tear),
    "killed at a random moment": at_random,
    "killed four times in a row": chain,
    "disk full from an operation on": at_points(Mode.fail_on, FULL),
    "one operation fails": at_points(Mode.fail_once, FULL),
    "read-only folder": read_only,
    "clock set back by a day": at_points(Mode.clock_back),
    "torn or scrambled journal file": torn_entries,
    "lost journal entry": lost_entries,
    "corrupted snapshot": corrupted_snapshots,
    "missing pointer or snapshots": missing_pointer,
    "second writer": second_writer,
    "stale lock of a killed writer": stale_lock,
}
