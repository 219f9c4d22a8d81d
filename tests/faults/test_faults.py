"""The short fault campaign: every kind of fault once, on a job and at a point that its seed chooses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import shim

ROOT = Path(__file__).parents[2]


@pytest.mark.essential("what the store promises; nowhere else are real writers killed at an operation")
@pytest.mark.skipif(shim.compiler() is None, reason="needs a C compiler for the preloaded library")
def test_some_faults_of_all_lose_nothing():
    seed, rows = campaign("--draw=2")
    assert len(rows) == 2, seed
    assert any(row[0].startswith("killed") for row in rows), seed


@pytest.mark.thorough("some of these, drawn anew each time, are tried above")
@pytest.mark.skipif(shim.compiler() is None, reason="needs a C compiler for the preloaded library")
def test_nothing_is_lost_whatever_goes_wrong():
    seed, rows = campaign()
    # One at each of three operations, and one with a lock; at a random moment it may be over.
    assert sum(int(row[3]) for row in rows) >= 4, seed
    assert {row[1] for row in rows if row[0].startswith("killed") and int(row[3])} == {
        "store",
        "packing alone",
        "engine",
    }
    assert {row[0] for row in rows if int(row[6])} >= {"torn or scrambled journal file", "corrupted snapshot"}, seed


def campaign(*options):
    """Return the line with the seed, without which nobody could try the same again, and the rows of the table."""
    command = [sys.executable, "-m", "tests.faults", "--short", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    seed, _, _, _, *rows = done.stdout.splitlines()
    trials = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert all(int(row[2]) > 0 for row in trials), seed
    return seed, trials
