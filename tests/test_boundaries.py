"""Imports run one way: on the syntax tree, and in a fresh interpreter."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests import warm
from tests.readme import example

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "store", "dashboard", "tests")
# What a package may import of the others, and which libraries it must do without.
NEIGHBOURS = {"engine": {"store"}, "store": set(), "dashboard": {"store"}}
WITHOUT = {
    "engine": {"streamlit", "altair", "duckdb"},
    "store": {"torch", "streamlit", "altair", "sklearn"},
    "dashboard": {"torch", "sklearn"},
}
# The files and folders of the engine, from the ground up: each imports what lies on floors below it, and nothing else.
FLOORS = (
    "errors card axes randomness cores cost divergence measurements quantity options kernels plugin_folder bytecode",
    "slips statistics loss device plugin_code",
    "scheme",
    "registry",
    "activations optimizers preprocessings",
    "data theory saturation",
    "initializers normalizations",
    "networks member_checks",
    "cell plugins",
    "initial predictions",
    "signal training",
    "transfer diagnosis",
    "studies",
    "grid",
    "catalog",
    "execution",
    "bench tables diagnosing",
    "diagnose_command",
    "__main__",
)


@cache
def imports_of(path):
    """Return the nodes of a file by which it imports, each with whether that is for annotations alone."""
    found = []

    def look(node, for_annotations):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append((node, for_annotations))
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for_annotations = True
        # No expression imports.
        for inner in ast.iter_child_nodes(node):
            if not isinstance(inner, ast.expr):
                look(inner, for_annotations)

    look(ast.parse(path.read_text(encoding="utf-8")), False)
    return found


def imported(path):
    """Yield what a file imports: other packages by their name, those of this one by the name below `goldilocks`."""
    for node, _ in imports_of(path):
        if isinstance(node, ast.Import):
            yield from (_package(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (_package(f"{node.module}.{alias.name}") for alias in node.names)


def _package(name):
    first, *rest = name.split(".")
    return rest[0] if first == "goldilocks" and rest else first


@pytest.mark.essential("architecture is tested here alone")
@pytest.mark.parametrize("package", NEIGHBOURS)
def test_the_syntax_tree_respects_the_direction(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        names = set(imported(path))
        foreign = (names & set(PACKAGES)) - {package} - NEIGHBOURS[package]
        assert not foreign | (names & WITHOUT[package]), path.relative_to(ROOT)


def imports_between_files(for_annotations=False):
    """Return which files of the packages each of them imports, at its head or later.

    Args:
        for_annotations: whether what is imported for annotations alone counts, too.
    """
    files = {}
    for package in NEIGHBOURS:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            files[f"goldilocks.{name}"] = path
    graph = {}
    for name, path in files.items():
        named = set()
        for node, is_for_annotations in imports_of(path):
            if is_for_annotations and not for_annotations:
                continue
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= {one if one in files else node.module for one in inside}
        graph[name] = (named & files.keys()) - {name}
    return graph


@pytest.mark.essential("architecture is tested here alone")
def test_no_files_import_each_other_in_a_circle():
    graph = imports_between_files()
    assert len(graph) > 100
    assert sum(map(len, graph.values())) > 500
    # Those that import nothing of what is left are taken away, until only circles and what leads to them remain.
    while free := [name for name, others in graph.items() if not others & graph.keys()]:
        for name in free:
            del graph[name]
    assert graph == {}


@pytest.mark.essential("architecture is tested here alone")
def test_the_engine_is_built_from_the_ground_up():
    level = {name: number for number, names in enumerate(FLOORS) for name in names.split()}
    folder = ROOT / "engine"
    there = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/*.py")}
    assert sorted(level) == sorted(there - {"__init__"})
    checked = 0
    for name, others in imports_between_files(for_annotations=True).items():
        below = [other.split(".")[2] for other in others if other.startswith("goldilocks.engine.")]
        if name.startswith("goldilocks.engine."):
            unit = name.split(".")[2]
            assert not [other for other in below if other != unit and level[other] >= level[unit]], name
            checked += len(below)
    assert checked > 500


def test_the_drawing_of_the_floors_is_the_list():
    drawing = example("Floors", "")
    drawn = [line.split("  ")[0].split() for line in drawing.splitlines()]
    assert [sorted(names) for names in drawn] == [sorted(names.split()) for names in reversed(FLOORS)]


def test_a_folder_of_members_holds_members_only():
    files = {path.stem for path in (ROOT / "engine" / "studies").glob("*.py")}
    done = warm.run(
        "-c", "from goldilocks.engine.studies import studies; print(*(one.name for one in studies))", text=True
    )
    assert files - {"__init__", "base"} == set(done.stdout.split())


@pytest.mark.essential("architecture is tested here alone")
def test_only_one_folder_knows_ray():
    folder = ROOT / "engine" / "execution" / "ray"
    files = [path for package in ("engine", "store", "dashboard") for path in (ROOT / package).rglob("*.py")]
    assert {path.parent for path in files if "ray" in imported(path)} == {folder}


def loaded(code):
    """Return the packages that a fresh interpreter has loaded after running some code."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT / ".package", timeout=600)
    assert done.returncode == 0, done.stderr
    return {_package(name) for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.essential("architecture is tested here alone")
def test_the_dashboard_needs_neither_torch_nor_the_engine():
    code = """
import importlib, pkgutil
from goldilocks import dashboard
for module in pkgutil.walk_packages(dashboard.__path__, "goldilocks.dashboard."):
    importlib.import_module(module.name)
"""
    modules = loaded(code)
    assert {"streamlit", "dashboard", "store"} <= modules
    assert not modules & {"torch", "engine", "sklearn"}


@pytest.mark.parametrize("module", ["goldilocks", "goldilocks.engine", "goldilocks.engine.card"])
def test_a_map_or_a_card_loads_nothing_heavy(module):
    assert not loaded(f"import {module}") & {"torch", "numpy", "pandas", "pyarrow", "sklearn"}


def test_the_store_needs_neither_neighbour():
    assert not loaded("from goldilocks import store; import goldilocks.store.__main__") & {
        "torch",
        "engine",
        "dashboard",
        "streamlit",
    }


def test_ray_is_imported_for_a_cluster_only():
    assert "ray" not in loaded(
        "import goldilocks.engine.__main__, goldilocks.engine.execution.run; goldilocks.Cluster('local')"
    )


def test_no_source_file_is_ignored():
    """An ignore rule that swallows a source folder goes unseen until a fresh clone fails."""
    files = [str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    command = ["git", "-C", str(ROOT), "check-ignore", "--no-index", "--stdin"]
    done = subprocess.run(command, input="\n".join(files), capture_output=True, text=True)
    assert done.stdout == ""
