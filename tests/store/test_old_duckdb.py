"""DuckDB 1.2.2, the oldest that the contract promises, reads the file: every view, comments, NaN and infinity."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from goldilocks import store
from goldilocks.store import StoreWarning
from goldilocks.store.checks.check import check
from goldilocks.store.files import durable

VERSION = "1.2.2"
HOME = Path.home() / ".cache" / "goldilocks-tests" / f"duckdb-{VERSION}"

PROGRAM = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
def rows(name): return repr(connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall())
views = [name for (name,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
print(json.dumps({
    "version": duckdb.__version__,
    "rows": {name: rows(name) for name in views + tables},
    "comments": connection.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL").fetchall(),
    "views": connection.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL").fetchall(),
}))
"""


@pytest.fixture(scope="session")
def old_python() -> Path:
    """Python of an environment with the old DuckDB, made once and kept."""
    python = HOME / "bin" / "python"
    works = [str(python), "-c", f"import duckdb; assert duckdb.__version__ == {VERSION!r}"]
    if not python.exists() or subprocess.run(works, capture_output=True).returncode:
        shutil.rmtree(HOME, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", f"duckdb=={VERSION}"], check=True)
    return python


def test_the_oldest_promised_duckdb_reads_the_same(layout, old_python):
    command = [str(old_python), "-c", PROGRAM, str(layout.path)]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    assert found["version"] == VERSION
    with store.open(layout) as opened:
        assert set(found["rows"]) == {one.name for one in opened.relations()}
        for name, rows in found["rows"].items():
            assert rows == repr(opened.query(f"SELECT * FROM {name} ORDER BY ALL").fetchall()), name
        assert [comment for *_, comment in found["comments"] if not comment] == []
        query = "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        assert [tuple(row) for row in found["views"]] == opened.query(query).fetchall()


def test_what_the_oldest_leaves_at_the_name_of_the_pointer_never_reaches_the_store(own, old_python):
    """Later versions follow the pointer before they name the log of what was written."""
    program = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("UPDATE layers SET std = 7")
os._exit(0)
"""
    finished = subprocess.run([str(old_python), "-c", program, str(own.path)], capture_output=True, text=True)
    assert (finished.returncode, finished.stderr) == (0, "")
    log = durable.log_of(own.path)
    assert log.exists()
    with pytest.warns(StoreWarning, match="was left by a program"):
        assert store.publish(own) is None
    assert not log.exists()
    assert [finding for finding in check(own) if not finding.holds] == []
    counted = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall())"
    command = [str(old_python), "-c", counted, str(own.path), "SELECT count(*) FROM layers WHERE std = 7"]
    assert subprocess.run(command, capture_output=True, text=True).stdout.strip() == "[(0,)]"
