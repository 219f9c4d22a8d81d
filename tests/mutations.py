"""Slips planted at random in the product, to see whether the tests notice.

`python -m tests.mutations` plants 40 (`--count=N`), drawn by `--seed=N`, each alone in a copy of the repository, and
runs there the tests that know its folder best, and after them all of its package, until one fails. It prints a row for
each, and in the end how many were caught. `--thorough` runs what waits for `make thorough`, too, and `--tests=FOLDER`
takes the tests of another checkout: to compare what is caught. Not every slip changes what the code does: those that
were not caught have to be read.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from goldilocks.store.files.scratch import scratch

ROOT = Path(__file__).parents[1]
# A slip may keep the code from ever ending.
MINUTES = 15
ORACLES = ["engine/test_training_oracle.py", "engine/test_propagation_oracle.py"]
# Where slips are planted, and the tests that are to notice them, the cheapest first.
TESTS = {
    "engine/activations": ["engine/test_activations.py", "engine/test_saturation.py", *ORACLES],
    "engine/initializers": ["engine/test_initializers.py", "engine/test_fans.py", *ORACLES],
    "engine/normalizations": ["engine/test_normalizations.py", *ORACLES],
    "engine/optimizers": ORACLES[:1],
    "engine/networks": ["engine/test_fans.py", "engine/test_residual.py", *ORACLES],
    "engine/training": [*ORACLES[:1], "engine/test_divergence.py", "engine/test_replay.py"],
    "engine/signal": ["engine/test_statistics.py", *ORACLES[1:]],
    "engine/theory": ["engine/test_theory.py", "engine/test_criticality.py", "engine/test_spheres.py"],
    "store/sql": ["store/test_query_oracles.py"],
    "store/snapshots": ["store/test_publication.py", "store/test_integrity.py", "store/test_packing.py"],
    "store/writing": ["store/test_journal.py", "store/test_publication.py", "store/test_integrity.py"],
    "store/exchange": ["store/test_merge.py", "store/test_output.py", "store/test_hostile_files.py"],
    "dashboard/sandbox.py": ["dashboard/test_sandbox.py", "dashboard/test_exact.py"],
    "dashboard/exact.py": ["dashboard/test_exact.py"],
    "dashboard/snippet.py": ["dashboard/test_snippet.py"],
}
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.USub: ast.UAdd,
}  # fmt: skip
WORDS = {
    " < ": " <= ", " <= ": " < ", " > ": " >= ", " + ": " - ", " - ": " + ", " * ": " / ", "avg(": "max(",
    "min(": "max(", "max(": "min(", " AND ": " OR ", "LEFT JOIN": "JOIN", " DESC": "", "DISTINCT ": "",
}  # fmt: skip


@dataclass(frozen=True)
class Slip:
    """A file, the line in which it is changed, what changes there, and the whole text that results."""

    file: str
    line: int
    change: str
    text: str


def slips(file: Path) -> Iterator[Slip]:
    """Yields every slip that can be planted in a file; in comments there are none to notice."""
    name, text = str(file.relative_to(ROOT)), file.read_text()
    if file.suffix == ".sql":
        body = text.index("\n")
        for word, other in WORDS.items():
            place = text.find(word, body)
            while place >= 0:
                if "--" not in text[text.rfind("\n", 0, place) : place]:
                    changed = text[:place] + other + text[place + len(word) :]
                    yield Slip(name, text.count("\n", 0, place) + 1, f"{word} → {other}", changed)
                place = text.find(word, place + 1)
        return
    for number in range(len(list(_places(ast.parse(text))))):
        tree = ast.parse(text)
        node, name_of = list(_places(tree))[number]
        before = ast.unparse(node)
        _change(node, name_of)
        yield Slip(name, node.lineno, f"{before} → {ast.unparse(node)}"[:70], ast.unparse(tree))


def _places(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yields what can be changed inside functions, but for messages of errors."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            told = {id(part) for one in ast.walk(function) if isinstance(one, ast.Raise) for part in ast.walk(one)}
            for node in ast.walk(function):
                if isinstance(node, ast.expr) and id(node) not in told:
                    if type(getattr(node, "op", None)) in SWAPS:
                        yield node, "op"
                    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
                        yield node, "ops"
                    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
                        yield node, "value"


def _change(node: ast.expr, name: str) -> None:
    old = getattr(node, name)
    if name == "value":
        node.value = old + 1 if isinstance(old, int) else 1.25 * old
    elif name == "ops":
        node.ops = [SWAPS[type(old[0])](), *old[1:]]
    else:
        node.op = SWAPS[type(old)]()


def drawn(count: int, seed: int) -> list[tuple[str, Slip]]:
    """Returns so many slips, the folders in turn, and of each folder any."""
    generator, found = random.Random(seed), []
    for number in range(count):
        place = list(TESTS)[number % len(TESTS)]
        files = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*"))
        files = [file for file in files if file.suffix in (".py", ".sql") and file.name != "__init__.py"]
        while True:
            possible = list(slips(generator.choice(files)))
            one = generator.choice(possible) if possible else None
            if one and (place, one) not in found:
                found.append((place, one))
                break
    return found


def lacking(folder: Path) -> list[str]:
    """Returns what `TESTS` names and a copy of the repository has not."""
    tests = [f"tests/{test}" for named in TESTS.values() for test in named]
    return sorted({name for name in (*TESTS, *tests) if not (folder / name).exists()})


def noticed(folder: Path, slip: Slip, tests: list[str], *options: str) -> str:
    """Returns the first test that fails with a slip in a copy of the repository, or nothing."""
    file = folder / slip.file
    right = file.read_text()
    file.write_text(slip.text)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", "--tb=no"]
    if (query := Path(slip.file)).parent == Path("store/sql"):
        # No other query is made of its file.
        command += ["-k", query.stem]
    environment = os.environ | {"PYTHONPATH": f"{folder / '.package'}:{folder}", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [*command, *options, *(f"tests/{test}" for test in tests)],
            cwd=folder, capture_output=True, text=True, timeout=60 * MINUTES, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no end within {MINUTES} minutes"
    finally:
        file.write_text(right)
    if done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return ""
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0].split(" - ")[0].partition("::")[2][:70] if lines and "::" in lines[0] else "cannot be loaded"


def main() -> int:
    """Plants slips and prints what became of each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=40)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", default="", help="Numbers of slips with commas between; default: all.")
    options.add_argument("--tests", type=Path, default=ROOT)
    options.add_argument("--thorough", action="store_true")
    chosen = options.parse_args()
    only = {int(number) for number in chosen.only.split(",") if number} or set(range(chosen.count))
    selected = ["--thorough"] if chosen.thorough else []
    caught = 0
    with scratch() as folder:
        tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for file in tracked.splitlines():
            source = (chosen.tests if file.startswith("tests/") else ROOT) / file
            if source.exists():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / file, follow_symlinks=False)
        # With a file that is not there pytest fails, as if a test had noticed.
        if missing := lacking(folder):
            options.error(f"TESTS names what is not there or not in git: {', '.join(missing)}")
        print("| | file | line | slip | noticed by | seconds |\n|---:|---|---:|---|---|---:|", flush=True)
        for number, (place, slip) in enumerate(drawn(chosen.count, chosen.seed)):
            if number in only:
                start = time.monotonic()
                nearest, package = TESTS[place], [place.partition("/")[0]]
                test = noticed(folder, slip, nearest, *selected) or noticed(folder, slip, package, *selected)
                caught += bool(test)
                seconds = round(time.monotonic() - start)
                change = slip.change.replace("|", "\\|")
                print(
                    f"| {number} | {slip.file} | {slip.line} | `{change}` | {test or '**nothing**'} | {seconds} |",
                    flush=True,
                )
    print(f"\n{caught} of {len(only)} caught")
    return 0


if __name__ == "__main__":
    sys.exit(main())
