"""The faults: deaths at chosen and random points, a failing file system, damaged files, clocks, and a second writer."""

from __future__ import annotations

import os
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


SHORT, LONG = Size(1, 1, 1), Size(24, 60, 6)


def split(bench: Bench) -> tuple[list[int], list[int]]:
    """Returns the numbers of the operations that are no writes, and of the writes."""
    names = [line.split()[0] for line in bench.operations]
    rare = [number for number, name in enumerate(names) if name != "write"]
    return rare, [number for number, name in enumerate(names) if name == "write"]


def points(bench: Bench, most: int) -> list[int]:
    """Returns numbers of operations: of the many writes a few, of everything else all, at most so many.

    Where that is one, it is another one for each seed of the campaign.
    """
    rare, writes = split(bench)
    if most == 1:
        return [bench.draw.choice(rare)]
    chosen = [rare[place] for place in evenly(len(rare), most - most // 4)]
    return sorted(chosen + [writes[place] for place in evenly(len(writes), most // 4)])


def each(bench: Bench) -> list[int]:
    """Returns the numbers of all operations but writes, and of these as many again, from the first to the last."""
    rare, writes = split(bench)
    return sorted(rare + [writes[place] for place in evenly(len(writes), len(rare))])


def at_points(mode: Mode, error: int = 0) -> Callable[[Bench, Size], Iterator[Outcome]]:
    """Returns the scenario in which something happens at each of the chosen operations."""

    def scenario(bench: Bench, size: Size) -> Iterator[Outcome]:
        most = size.points if mode in (Mode.kill_before, Mode.kill_after, Mode.tear) else size.others
        # After an operation is before the next one.
        every = bench.job.each and size is LONG and mode in (Mode.kill_before, Mode.tear)
        for number in each(bench) if every else points(bench, most):
            yield bench.disturb(lambda number=number: shim.arm(bench.trial_folder, mode, number, error))

    return scenario


def at_random(bench: Bench, size: Size) -> Iterator[Outcome]:
    """Kills at random moments."""
    for moment in moments(0.9 * bench.seconds, size.random, bench.draw):
        yield bench.disturb(lambda: None, kill_after=moment)


def chain(bench: Bench, size: Size) -> Iterator[Outcome]:
    """Kills again and again without a repair between, and looks only then."""
    for _ in range(size.others):
        bench.begin()
        for moment in moments(bench.seconds, 4, bench.draw):
            forked(lambda: bench.job.run(bench.layout), kill_after=moment)
        yield bench.aftermath(killed=True)


def read_only(bench: Bench, size: Size) -> Iterator[Outcome]:
    """A folder in which nothing can be written from the beginning."""
    yield bench.disturb(lambda: shim.arm(bench.trial_folder, Mode.fail_on, 0, READ_ONLY))


def places(bench: Bench, size: Size) -> range:
    """Returns numbers of trials, of which each second and each third differ; where there is one, it may be any."""
    first = bench.draw.randrange(6)
    return range(first, first + size.others)


def torn_entries(bench: Bench, size: Size) -> Iterator[Outcome]:
    """A file of a finished batch is cut off or overwritten, after its publication or before."""
    for number in places(bench, size):
        bench.finished()
        files = sorted(bench.layout.journal.glob("*/*.parquet"))
        file = bench.draw.choice(files)
        content = bytearray(file.read_bytes())
        if number % 2:
            content[4 : len(content) - 8] = bench.draw.randbytes(len(content) - 12)
        file.write_bytes(content[: bench.draw.randrange(len(content))] if number % 2 == 0 else content)
        # What is damaged before its publication has no second copy: it has to be computed again.
        if number % 3 == 0 and bench.job.computes:
            store_without_snapshots(bench.layout)
        yield bench.aftermath()


def store_without_snapshots(layout: store.Layout) -> None:
    """Removes the snapshots, as if nothing had been published yet."""
    for number in layout.snapshot_numbers():
        layout.snapshot_file(number).unlink()


def corrupted_snapshots(bench: Bench, size: Size) -> Iterator[Outcome]:
    """The newest snapshot is cut off, or some of its blocks are overwritten."""
    for number in places(bench, size):
        bench.finished()
        # One more snapshot of the same contents, so that there is a last good one.
        forked(lambda: store.publish(bench.layout, anew=True) and None)
        file = bench.layout.resolve()
        content = bytearray(file.read_bytes())
        if number % 2:
            start = bench.draw.randrange(0, len(content) - 4096)
            content[start : start + 4096] = bench.draw.randbytes(4096)
            file.write_bytes(content)
        else:
            file.write_bytes(content[: bench.draw.randrange(len(content))])
        yield bench.aftermath()


def missing_pointer(bench: Bench, size: Size) -> Iterator[Outcome]:
    """The pointer is gone, or names nothing, or the snapshots are gone."""
    losses = [
        lambda: bench.layout.path.unlink(),
        lambda: bench.layout.resolve().unlink(),
        lambda: store_without_snapshots(bench.layout),
    ]
    for lose in losses if size is LONG else [bench.draw.choice(losses)]:
        bench.finished()
        lose()
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


Scenario = Callable[[Bench, Size], Iterator[Outcome]]
DEATHS: tuple[Scenario, ...] = (
    at_points(Mode.kill_before),
    at_points(Mode.kill_after),
    at_points(Mode.tear),
    at_random,
)
SCENARIOS: dict[str, Scenario] = {
    "killed before an operation": DEATHS[0],
    "killed after an operation": DEATHS[1],
    "killed in the middle of a write": DEATHS[2],
    "killed at a random moment": DEATHS[3],
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
