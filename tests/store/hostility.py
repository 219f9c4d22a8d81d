"""What every command does with a file of a stranger: nothing outside is read or written, no terminal is commanded.

`python -m tests.store.hostility [TRIALS] [FIRST SEED]` runs the campaign, 500 trials unless told otherwise.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import chdir
from pathlib import Path

from typer.testing import CliRunner

from store.__main__ import app
from tests.store.hostile_files import SECRET, World, hostile_file, hostile_folder, hostile_store

KINDS = {"file": hostile_file, "folder": hostile_folder, "store": hostile_store}
TRIALS = 500
# Of ten, with each file.
COMMANDS = 4


def commands(kind: str, hostile: Path, folder: Path, world: World, seed: int) -> list[list[str]]:
    """Some of the commands that a person may give with such a file, those that take it in among them."""
    here = str(world.another_store(folder))
    if kind == "folder":
        return [["import", str(hostile), "--store", here]]
    asked = [
        ["info"],
        ["query", "FROM runs"],
        ["query", "FROM cells", "--format", "json"],
        ["query", "--name", "runs"],
        ["query", "FROM signal_rates"],
        ["export", str(folder / "exports" / "x")],
        ["export", str(folder / "exports" / "y"), "--format", "csv"],
        ["check"],
        ["publish"],
        ["check", "--repair"],
    ]
    chosen = random.Random(seed).sample(asked, COMMANDS)
    return [["merge", str(hostile), "--store", here], *([*words, "--store", str(hostile)] for words in chosen)]


def trial(world: World, kind: str, seed: int) -> tuple[list[str], list[str]]:
    """Make a file and give every command with it.

    Returns:
        What is wrong, nothing as it should be; and the attacks that were in the file.
    """
    hostile, attacks = KINDS[kind](world, seed)
    before, problems = world.traces(), []
    place = Path(tempfile.mkdtemp(dir=world.folder))
    with chdir(place):
        for words in commands(kind, hostile, place, world, seed):
            done = CliRunner().invoke(app, words)
            what = f"seed {seed}, {kind} with {', '.join(attacks)}: {words[0]}"
            if not isinstance(done.exception, SystemExit | None):
                problems.append(f"{what}: {type(done.exception).__name__}: {done.exception}")
            if SECRET in done.output:
                problems.append(f"{what} shows a file from outside")
            # What is exported or printed as JSON is data.
            if "--format" not in words and any(ord(one) < 32 and one not in "\n\t" for one in done.output):
                problems.append(f"{what} sends a control character")
            if world.traces() != before:
                problems.append(f"{what} writes outside")
                before = world.traces()
    written = {path.name for path in place.iterdir()} - {"here", "exports"}
    if written:
        problems.append(f"seed {seed}, {kind} with {', '.join(attacks)}: leaves {sorted(written)}")
    if any(SECRET.encode() in file.read_bytes() for file in place.rglob("*") if file.is_file()):
        problems.append(f"seed {seed}, {kind} with {', '.join(attacks)}: a file from outside was taken in")
    shutil.rmtree(place)
    (shutil.rmtree if hostile.is_dir() else Path.unlink)(hostile)
    return problems, attacks


def campaign(trials: int, first: int, folder: Path) -> tuple[list[str], Counter[str]]:
    """Run trials with seeds in order; return all problems, and how often each attack was tried."""
    world, problems, tried = World.made(folder), [], Counter()
    for seed in range(first, first + trials):
        # Mostly files: their grammar is the largest.
        kind = ("file", "file", "file", "folder", "store")[seed % 5]
        found, attacks = trial(world, kind, seed)
        problems += found
        tried.update(f"{kind}: {attack}" for attack in attacks)
    return problems, tried


def main() -> int:
    """Run the campaign and print its table."""
    trials, first = ([int(word) for word in sys.argv[1:3]] + [TRIALS, 0][len(sys.argv[1:3]) :])[:2]
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        problems, tried = campaign(trials, first, Path(folder))
    print("| attack | trials |\n|---|---:|")
    for attack, count in sorted(tried.items()):
        print(f"| {attack} | {count} |")
    print(f"seeds {first} to {first + trials - 1}: {len(problems)} problems, {time.monotonic() - start:.0f} s")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
