"""Slips are planted where they can be noticed, and tests that are to notice them exist."""

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
