"""A power cut: what a rename makes visible has reached the disk before, and the rename itself soon after.

A killed process leaves its writes to the system, a power cut does not. So the order of operations is recorded and read.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults import shim

pytestmark = pytest.mark.essential("what a power cut would take")

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, sys, tempfile
from pathlib import Path
from tests.faults import shim
from tests.faults.jobs import STORE
from goldilocks import store
folder, trace = map(Path, sys.argv[1:])
shim.preload()
layout = store.Layout.at(folder / "grid.duckdb")
with trace.open("wb") as file:
    shim.arm(folder, shim.Mode.count, trace=file.fileno())
    STORE.prepare(layout)
    STORE.run(layout)
"""


def disorder(trace: list[str]) -> list[str]:
    """Returns the renames of a recording whose source was not on the disk, or that did not get there themselves."""
    unsynced, promised, found = set(), set(), []
    source = ""
    for line in trace:
        name, path = line.split(" ", 1)
        parent = path.rpartition("/")[0]
        if name in ("write", "pwrite", "copy", "truncate"):
            unsynced.add(path)
        elif name in ("open", "mkdir", "symlink"):
            unsynced.add(parent)
        elif name == "fsync":
            unsynced.discard(path)
            promised.discard(path)
        elif name == "from":
            source = path
        elif name == "rename":
            found += [f"{path} before {late}" for late in unsynced if late == source or late.startswith(source + "/")]
            found += [f"{path} while {late} still waits" for late in promised - {parent}]
            promised.add(parent)
    return found + [f"{late} never" for late in promised]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    if shim.compiler() is None:
        pytest.skip("needs a C compiler for the preloaded library")
    # The folder of the system for temporary files may be one that forgets fsync; the order is what counts.
    with tempfile.TemporaryDirectory() as folder:
        trace = tmp_path_factory.mktemp("trace") / "trace.txt"
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, folder, trace], cwd=ROOT, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return trace.read_text().splitlines()


def test_every_rename_comes_after_its_contents_and_is_followed_by_its_folder(recorded):
    renames = [line for line in recorded if line.startswith("rename")]
    # Four batches, the snapshots of them, and as many pointers.
    assert len(renames) >= 10
    assert disorder(recorded) == []


@pytest.mark.parametrize("ending", [".parquet", "-test", "/journal", ".duckdb", "/snapshots"])
def test_a_missing_fsync_would_be_noticed(recorded, ending):
    without = [line for line in recorded if not (line.startswith("fsync") and line.endswith(ending))]
    assert len(without) < len(recorded)
    assert disorder(without) != []
