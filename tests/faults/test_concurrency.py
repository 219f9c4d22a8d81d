"""Readers never notice the writer: a short version of what `make faults` does for a minute."""

import pytest

from tests.faults.concurrency import run


@pytest.mark.thorough(
    "readers beside a writer: store/test_pointer; pages beside an engine: dashboard/test_background_run"
)
def test_engine_dashboard_and_foreign_readers_side_by_side(tmp_path):
    report = run(tmp_path, seconds=6)
    assert report.problems == [], report
    assert report.publications > 3
    assert report.reads > 10
    assert report.pages > 0
