"""The examples of the README and of those in the folders by their place, for the tests that run them."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import Result
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("", "engine", "engine/execution", "engine/bench", "engine/diagnosis", "store")
FILES = [ROOT / folder / "README.md" for folder in FOLDERS]
TEXT = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
# What one could type, within a sentence or between fences.
WITHIN = re.compile(r"`((?:SELECT|goldilocks (?:run|verify|store) |goldilocks list|goldilocks\.run\()[^`]*)`")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Place(NamedTuple):
    """Where an example stands: its section, its language (`inline` within a sentence), and which of these it is."""

    section: str
    language: str
    number: int


def examples() -> dict[Place, str]:
    """Return every example."""
    return dict(_examples())


def _examples() -> Iterator[tuple[Place, str]]:
    for part in TEXT.split("\n## ")[1:]:
        section, _, body = part.partition("\n")
        prose = "\n".join(line for line in FENCED.sub("", body).splitlines() if not line.startswith("|"))
        found = [*FENCED.findall(body), *(("inline", text) for text in WITHIN.findall(prose))]
        seen: dict[str, int] = {}
        for language, text in found:
            seen[language] = seen.get(language, 0) + 1
            yield Place(section, language, seen[language]), text


def example(section: str, language: str, number: int = 1) -> str:
    """Return the text of an example. Whatever test calls this, with the place written out, is the example's check."""
    return examples()[Place(section, language, number)]


def checked() -> set[Place]:
    """Return the places that tests ask for."""
    calls = (
        node
        for file in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "example"
    )
    return {Place(*(*map(ast.literal_eval, call.args), 1)[:3]) for call in calls}


def commands(block: str) -> list[str]:
    """Return the commands of a block for a shell, without comments; a line that is indented or quoted goes on."""
    lines = re.findall(r"^\w(?:[^\n\"]|\"[^\"]*\")*", block, re.MULTILINE)
    return [re.sub(r"\s+#.*", "", line) for line in lines]


def typed(line: str) -> Result:
    """Do in this process what `goldilocks …` or `goldilocks store …` does; a failure fails the test."""
    name, *arguments = shlex.split(line)
    assert name == "goldilocks"
    package = "store" if arguments[0] == "store" else "engine"
    app = import_module(f"goldilocks.{package}.__main__").app
    done = CliRunner().invoke(app, arguments[package == "store" :], env={"COLUMNS": "200"})
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def value_of(code: str) -> tuple[dict[str, Any], Any]:
    """Run Python and return its names, and the value of its last line, as a notebook shows it."""
    names: dict[str, Any] = {}
    *before, last = ast.parse(code).body
    assert isinstance(last, ast.Expr)
    exec(compile(ast.Module(before, []), "README.md", "exec"), names)
    return names, eval(compile(ast.Expression(last.value), "README.md", "eval"), names)
