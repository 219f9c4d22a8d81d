"""The README's section "Query it directly" does what it says: DuckDB's shell, Python, a notebook, and R by its SQL.

The Python blocks that need the engine are run by tests/test_documentation.py.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import store
from tests.store.test_command_line import ROOT

SECTION = (ROOT / "README.md").read_text().split("## Query it directly")[1].split("\n## ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture
def folder(layout, tmp_path):
    """A folder in which data/grid.duckdb is where the README says."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "grid.duckdb").symlink_to(layout.path)
    return tmp_path


def run(folder: Path, *command: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": path}
    environment.pop("GOLDILOCKS_STORE", None)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_shell_examples(folder):
    (block,) = blocks("sh")
    duckdb, python = (shlex.split(command) for command in re.findall(r"^\w[^\n]*(?:\n [^\n]*)*", block, re.MULTILINE))
    assert duckdb[0] == "duckdb"
    shown = run(folder, *duckdb)
    assert "signal_rates" in shown
    assert "How each training cell ended" in shown
    assert "seeds" in run(folder, *python)


def test_the_example_without_goldilocks(folder):
    code = next(block for block in blocks("python") if "import duckdb" in block)
    assert "store" not in code
    assert re.search("layer.*std", run(folder, sys.executable, "-c", code))


def test_the_notebook_shows_what_is_inside(folder):
    code = next(block for block in blocks("python") if block.rstrip().endswith("\nhandle"))
    *_, last = ast.parse(code).body
    assert isinstance(last, ast.Expr)
    shown = run(folder, sys.executable, "-c", f"{code}\nprint({ast.unparse(last)}._repr_html_())")
    for part in ("<table>", "signal_rates", "How each training cell ended", "std_by_layer"):
        assert part in shown


def test_the_sql_of_the_example_in_r(layout):
    (code,) = blocks("r")
    (sql,) = re.findall(r'dbGetQuery\(connection, "(.*?)"\)', code, re.DOTALL)
    with store.open(layout) as opened:
        found = opened.query(sql)
        assert found.columns[-2:] == ["best_test_accuracy", "seeds"]
        assert found.fetchall()
    assert "read_only = TRUE" in code
