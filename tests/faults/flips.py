"""Bits that flip, and blocks and ends that are lost, anywhere in the folder of a store: none may become a number.

`python -m tests.faults.flips [TRIALS]` prints a table and the seed of every trial that went wrong. A trial damages one
file of a finished store at a random offset, reads, checks, repairs, and does the job again. Its outcome is one of

- harmless: readers see what they saw, and every check holds;
- detected: the store was not read, or with a warning, or a check was broken; and after the repair and the job, the
  store holds what it held before.

Anything else is a silent wrong number.
"""

from __future__ import annotations

import random
import shutil
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from goldilocks import store
from goldilocks.store.checks.check import check
from goldilocks.store.files.scratch import scratch
from goldilocks.store.repairs.repair import repair
from goldilocks.store.writing import packing
from tests.store.builder import believable, write

TRIALS = 200
BATCHES = 3
BLOCK = 4096


def flip(content: bytearray, generator: random.Random) -> None:
    """Turns one bit around."""
    content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)


def flips(content: bytearray, generator: random.Random) -> None:
    """Turns bits around in eight places."""
    for _ in range(8):
        flip(content, generator)


def zeros(content: bytearray, generator: random.Random) -> None:
    """Loses a block, as a file system does that had promised space and never wrote it."""
    start = generator.randrange(len(content)) // BLOCK * BLOCK
    end = min(start + BLOCK, len(content))
    content[start:end] = bytes(end - start)


def cut(content: bytearray, generator: random.Random) -> None:
    """Loses the end."""
    del content[generator.randrange(len(content)) :]


def swap(content: bytearray, generator: random.Random) -> None:
    """Writes a block where another one belongs."""
    size = min(BLOCK, max(1, len(content) // 4))
    one, other = generator.sample(range(0, len(content) - size + 1, size), 2)
    content[one : one + size], content[other : other + size] = (
        content[other : other + size],
        content[one : one + size],
    )


DAMAGE: tuple[Callable[[bytearray, random.Random], None], ...] = (flip, flip, flip, flips, zeros, cut, swap)


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: its seed, what was done to which file, harmless or detected, and what must not be."""

    seed: int
    damage: str
    file: str
    result: str
    problem: str = ""

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.damage} in {self.file}: {self.problem or self.result}"


class Trials:
    """A finished store, damaged again and again.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path):
        self._whole, self._trial = folder / "whole", folder / "trial"
        self._batches = [believable(2, 2, first_seed=number) for number in range(BATCHES)]
        # Two snapshots, and one entry that waits in every other trial.
        for batch in self._batches[:-1]:
            write(self._whole / "grid.duckdb", batch)
        self._waiting = folder / "waiting"
        shutil.copytree(self._whole, self._waiting, symlinks=True)
        write(self._waiting / "grid.duckdb", self._batches[-1], published=False)
        write(self._whole / "grid.duckdb", self._batches[-1])
        self._packed = folder / "packed"
        shutil.copytree(self._whole, self._packed, symlinks=True)
        packed = store.Layout.at(self._packed / "grid.duckdb")
        with store.WriterLock(packed), patch.object(packing, "LEAST", BATCHES):
            packing.pack(packed)
        self._right = contents(self._whole / "grid.duckdb")

    def run(self, seed: int) -> Outcome:
        """Damages one file and looks at what comes of it."""
        generator = random.Random(seed)
        shutil.rmtree(self._trial, ignore_errors=True)
        shutil.copytree(generator.choice((self._whole, self._waiting, self._packed)), self._trial, symlinks=True)
        layout = store.Layout.at(self._trial / "grid.duckdb")
        files = [file for file in sorted(layout.folder.rglob("*")) if file.is_file() and file.stat().st_size]
        # Snapshots are a thousand times as large as the rest, and each kind of file is to have its turn.
        kind = generator.choice(sorted({file.suffix for file in files}))
        file = generator.choice([one for one in files if one.suffix == kind])
        damage = generator.choice(DAMAGE)
        before = file.read_bytes()
        content = bytearray(before)
        damage(content, generator)
        file.chmod(0o644)
        file.write_bytes(content)
        name = str(file.relative_to(layout.folder))
        try:
            result, problem = self._examine(layout)
        except Exception as error:
            result, problem = "", f"{type(error).__name__}: {error}"
        if bytes(content) == before:
            result = "unchanged"
        return Outcome(seed, damage.__name__, name, result, problem)

    def _examine(self, layout: store.Layout) -> tuple[str, str]:
        noticed = self._read(layout)
        if noticed.startswith("wrong"):
            return "", f"a reader saw {noticed}"
        # A repair begins with a check of its own.
        broken = bool(noticed) or any(not finding.holds for finding in check(layout))
        said = list(repair(layout)) if broken else []
        if left := [finding for finding in check(layout) if not finding.holds]:
            return "", f"after the repair ({'; '.join(said)}), {left[0].name}: {left[0].detail}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", store.StoreWarning)
            # The engine computes what the store lacks; no two batches have a cell in common.
            done = store.done_cells(layout)
            for batch in self._batches:
                if not {row["cell_id"] for row in batch.rows["cells"]} <= done:
                    write(layout.path, batch, published=False)
            store.publish(layout)
        differing = [name for name, rows in contents(layout.path).items() if rows != self._right[name]]
        if differing:
            return "", f"{', '.join(differing)} differ in the end"
        return ("detected" if broken else "harmless"), ""

    def _read(self, layout: store.Layout) -> str:
        """Reads everything, and returns how the damage was noticed; rows that were never written begin with `wrong`."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", store.StoreWarning)
            try:
                found = contents(layout.path)
            except Exception as error:
                return str(error)
        for name, rows in found.items():
            if name in ("cells", *store.tables.RESULTS) and not set(rows) <= set(self._right[name]):
                return f"wrong {name}"
        return str(caught[0].message) if caught else ""


def contents(path: Path) -> dict[str, list[str]]:
    """Returns every row of a store that is a result or depends on what the code derives, comparable by ==."""
    names = (*store.tables.names(), "thresholds", "signal_rates", "outcomes")
    with store.open(path) as opened:
        cursor = opened.cursor()
        return {name: sorted(map(repr, cursor.execute(f"FROM {name}").fetchall())) for name in names}


def campaign(folder: Path, seeds: Iterable[int]) -> list[Outcome]:
    """Runs a trial per seed."""
    trials = Trials(folder)
    return [trials.run(seed) for seed in seeds]


def main() -> int:
    """Runs the campaign and prints its table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    memory = Path("/dev/shm")
    with scratch(memory if memory.is_dir() else None) as folder:
        outcomes = campaign(folder, range(count))
    print(f"seeds 0 to {count - 1}\n\n| damage | trials | harmless | detected and repaired | silent or lost |")
    print("|---|---:|---:|---:|---:|")
    for damage in sorted({outcome.damage for outcome in outcomes}):
        rows = [outcome for outcome in outcomes if outcome.damage == damage]
        results = Counter(outcome.result for outcome in rows)
        bad = sum(bool(outcome.problem) for outcome in rows)
        harmless = results["harmless"] + results["unchanged"]
        print(f"| {damage} | {len(rows)} | {harmless} | {results['detected']} | {bad} |")
    for outcome in outcomes:
        if outcome.problem:
            print(outcome, file=sys.stderr)
    return any(outcome.problem for outcome in outcomes)


if __name__ == "__main__":
    sys.exit(main())
