"""What every command does with a file of a stranger: nothing outside is read or written, no terminal is commanded.

`python -m tests.store.hostility [TRIALS] [FIRST SEED]` runs the campaign, 500 trials unless told otherwise.
"""

from __future__ import annotations

import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner

from goldilocks.engine.__main__ import app as engine_app
from goldilocks.store.__main__ import app as store_app
from tests.dashboard.opening import PAGES, open_page
from tests.store.hostile_files import hostile_file, hostile_folder, hostile_store
from tests.store.hostile_world import SECRET, World, called

GRID = """
[[study]]
kind = "propagation"
width = 8
depth = 2
batch_size = 4
init = "xavier"
activation = "tanh"
seed = 7
"""
PAGE = "a page of"
KINDS = {"file": hostile_file, "folder": hostile_folder, "store": hostile_store}
TRIALS = 500
# Of those of the store, of the engine and of the pages, with each file.
COMMANDS = {"store": 3, "engine": 1, "pages": 1}


def commands(kind: str, hostile: Path, folder: Path, world: World, seed: int) -> list[list[str]]:
    """Some of the commands that a person may give with such a file, those that take it in among them."""
    here = str(world.another_store(folder))
    if kind == "folder":
        return [["import", str(hostile), "--store", here]]
    asked = {
        "store": [
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
        ],
        "engine": [
            ["verify", "--sample", "2"],
            ["run", str(world.folder / "grid.toml"), "--quiet"],
            ["plan", str(world.folder / "grid.toml")],
        ],
        "pages": [[PAGE, page] for page in PAGES],
    }
    generator = random.Random(seed)
    chosen = [words for name, of_name in asked.items() for words in generator.sample(of_name, COMMANDS[name])]
    generator.shuffle(chosen)
    return [["merge", str(hostile), "--store", here], *([*words, "--store", str(hostile)] for words in chosen)]


def given(words: list[str]) -> tuple[str, BaseException | None]:
    """Give a command, or open a page; return what it shows, and what went wrong in it."""
    if words[0] != PAGE:
        app = engine_app if words[0] in ("verify", "run", "plan") else store_app
        done = CliRunner().invoke(app, words)
        return done.output, None if isinstance(done.exception, SystemExit | None) else done.exception
    with pytest.MonkeyPatch.context() as context:
        page = open_page(words[1], words[-1], context)
    shown = [str(getattr(element, "value", "")) for element in (*page.main, *page.sidebar)]
    failed = RuntimeError(page.exception[0].value) if page.exception else None
    # What a page shows is text, and no terminal.
    return "".join(one for one in " ".join(shown) if ord(one) >= 32), failed


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
            output, failed = given(words)
            what = f"seed {seed}, {kind} with {', '.join(attacks)}: {' '.join(words[:2])}"
            if failed is not None:
                problems.append(f"{what}: {type(failed).__name__}: {failed}")
            if SECRET in output:
                problems.append(f"{what} shows a file from outside")
            # What is exported or printed as JSON is data.
            if "--format" not in words and any(ord(one) < 32 and one not in "\n\t" for one in output):
                problems.append(f"{what} sends a control character")
            if called:
                problems.append(f"{what} calls what the file names")
                called.clear()
            if world.traces() != before:
                problems.append(f"{what} writes outside")
                before = world.traces()
    written = {path.name for path in place.iterdir()} - {"here", "exports"}
    if written:
        problems.append(f"seed {seed}, {kind} with {', '.join(attacks)}: leaves {sorted(written)}")
    if any(SECRET.encode() in file.read_bytes() for file in place.rglob("*") if file.is_file()):
        problems.append(f"seed {seed}, {kind} with {', '.join(attacks)}: a file from outside was taken in")
    shutil.rmtree(place)
    if kind == "folder":
        shutil.rmtree(hostile)
    else:
        hostile.unlink(missing_ok=True)
        Path(f"{hostile}.wal").unlink(missing_ok=True)
    if kind == "file" and (left := sorted(path.name for path in world.folder.glob(f"{hostile.name}*"))):
        problems.append(f"seed {seed}, {kind} with {', '.join(attacks)}: leaves {left} beside it")
    return problems, attacks


def campaign(trials: int, first: int, folder: Path) -> tuple[list[str], Counter[str]]:
    """Run trials with seeds in order; return all problems, and how often each attack was tried."""
    world, problems, tried = World.made(folder), [], Counter()
    (folder / "grid.toml").write_text(GRID)
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
    # Pages say without a browser that they have none.
    logging.disable(logging.WARNING)
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
