"""The README says what is there: commands, pages, folders. Its examples: tests/test_readme_examples.py."""

import re
import subprocess
from pathlib import Path

import pytest

from tests import warm

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def tracked():
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in files if (ROOT / path).exists()]


def test_the_top_level_is_fixed():
    allowed = {"dashboard", "engine", "store", "tests", "requirements.txt", "README.md", "CHANGELOG.md", "LICENSE"}
    allowed |= {"requirements-ray.txt", "CONTRIBUTING.md"}
    tools = {"Makefile", "pyproject.toml", ".ci", ".gitignore", ".package"}
    assert {path.split("/")[0] for path in tracked()} == allowed | tools


def test_every_page_is_listed():
    app = (ROOT / "dashboard" / "app.py").read_text()
    for title in re.findall(r'st\.Page\(.*title="([^"]+)"', app):
        assert f"| {title} |" in README


@pytest.mark.parametrize("program", ["goldilocks", "goldilocks store", "goldilocks dashboard"])
def test_every_command_is_listed_and_its_help_shows(program):
    done = warm.run(*program.split(), "--help", text=True, cwd=ROOT / ".package")
    assert done.returncode == 0, done.stderr
    commands = (
        re.findall(r"^│ (\w+) ", done.stdout.split("Commands")[-1], re.MULTILINE) if "Commands" in done.stdout else []
    )
    for command in commands or [""]:
        assert f"`{program} {command}".rstrip() in README


def test_every_make_target_is_listed():
    targets = re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text())[1].split()
    for target in set(targets) - {"lint", "quick-tests", "all-tests", "clean", "distclean"}:
        assert f"`make {target}`" in README


ROOMS = ["execution", "grid", "predictions", "signal", "theory", "training", "transfer"]


@pytest.mark.parametrize("package", ["dashboard", "dashboard/charts", *(f"engine/{room}" for room in ROOMS)])
def test_the_map_of_a_package_names_what_is_in_it(package):
    folder = ROOT / package
    told = set(re.findall(r"^ *(\w+)  +\S", (folder / "__init__.py").read_text(), flags=re.MULTILINE))
    there = {file.stem for file in folder.glob("*.py")} | {file.parent.name for file in folder.glob("*/__init__.py")}
    assert told | {"views"} == (there | {"views"}) - {"__init__", "__main__"}
