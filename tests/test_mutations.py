"""Slips are planted where they can be noticed, and tests that are to notice them exist."""

import subprocess
import sys

import pytest

from tests import mutations


def test_what_is_named_is_there():
    assert mutations.lacking(mutations.ROOT) == []


def test_a_missing_test_is_refused_before_anything_is_planted(monkeypatch, capsys):
    monkeypatch.setattr(mutations, "TESTS", {"store/sql": ["store/test_of_old.py"]})
    monkeypatch.setattr(mutations, "drawn", lambda *_: pytest.fail("slips were drawn"))
    monkeypatch.setattr(sys, "argv", ["mutations"])
    with pytest.raises(SystemExit) as end:
        mutations.main()
    assert end.value.code == 2
    assert "tests/store/test_of_old.py" in capsys.readouterr().err


def test_no_slip_lies_in_a_comment_of_a_query(tmp_path, monkeypatch):
    monkeypatch.setattr(mutations, "ROOT", tmp_path)
    query = tmp_path / "query.sql"
    query.write_text("-- What it answers.\n-- a + b\nSELECT a < b, -- a > b\n    -- a * b\n    a - b\n")
    assert [(slip.line, slip.change) for slip in mutations.slips(query)] == [(3, " <  →  <= "), (5, " -  →  + ")]


def test_of_a_query_only_its_own_tests_are_run(tmp_path, monkeypatch):
    (tmp_path / "store" / "sql").mkdir(parents=True)
    (tmp_path / "store" / "sql" / "runs.sql").write_text("SELECT 1")
    asked = []

    def run(command, **_):
        asked.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(mutations.subprocess, "run", run)
    slip = mutations.Slip("store/sql/runs.sql", 1, "1 → 2", "SELECT 2")
    assert mutations.noticed(tmp_path, slip, ["store/test_query_oracles.py"]) == ""
    assert asked[0][-3:] == ["-k", "runs", "tests/store/test_query_oracles.py"]
    assert (tmp_path / "store" / "sql" / "runs.sql").read_text() == "SELECT 1"
