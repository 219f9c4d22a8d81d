"""What a test takes is what would be saved without it, and it is kept by its name."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests import durations


@pytest.fixture
def clock(monkeypatch):
    """Seconds of processor time that pass when somebody says so."""
    time = SimpleNamespace(now=100.0)
    monkeypatch.setattr(durations, "_taken", lambda: time.now)
    return time


@contextmanager
def within(hook):
    next(hook)
    yield
    next(hook, None)


def fixture(measuring, name, scope, where="file.py"):
    asked = SimpleNamespace(node=SimpleNamespace(nodeid=where))
    return within(measuring.pytest_fixture_setup(SimpleNamespace(argname=name, scope=scope), asked))


def run(measuring, name, *needs):
    item = SimpleNamespace(nodeid=f"file.py::{name}", fixturenames=list(needs))
    return within(measuring.pytest_runtest_protocol(item))


def test_a_fixture_of_the_file_counts_for_every_test_that_needs_it_and_once_for_the_file(clock):
    measuring = durations.Measuring()
    with run(measuring, "first", "large", "own"):
        with fixture(measuring, "large", "module"):
            clock.now += 5
        with fixture(measuring, "own", "function"):
            clock.now += 0.25
        clock.now += 0.5
    with run(measuring, "second", "large"):
        clock.now += 0.125
    with run(measuring, "third"):
        clock.now += 0.125
    assert measuring.tests == {"file.py::first": 5.75, "file.py::second": 5.125, "file.py::third": 0.125}
    assert measuring.by_file() == {"file.py": {"seconds": 6.0, "dear": {"first": 5.75, "second": 5.12}}}


def test_what_all_files_share_belongs_to_no_test(clock):
    measuring = durations.Measuring()
    with run(measuring, "first", "store"):
        with fixture(measuring, "store", "session", where=""):
            clock.now += 9
        clock.now += 0.125
    assert measuring.tests == {"file.py::first": 0.125}


def test_a_process_that_took_its_time_with_it_leaves_nothing_negative(clock):
    measuring = durations.Measuring()
    with run(measuring, "first"):
        clock.now -= 30
    assert (measuring.tests, measuring.files) == ({"file.py::first": 0}, {"file.py": 0})


def test_what_workers_measured_is_written_beside_what_was_known(clock, tmp_path, monkeypatch):
    file = tmp_path / "tests" / "durations.json"
    monkeypatch.setattr(durations, "FILE", file)
    for name in ("kept.py", "file.py"):
        (tmp_path / name).touch()
    (tmp_path / "tests").mkdir()
    before = {"kept.py": {"seconds": 3.0, "dear": {}}, "gone.py": {"seconds": 3.0, "dear": {}}}
    monkeypatch.setattr(durations, "known", lambda: before)
    worker, whole = durations.Measuring(), durations.Measuring()
    with run(worker, "dear[σ]"):
        clock.now += 2
    there = SimpleNamespace(config=SimpleNamespace(workeroutput={}))
    worker.pytest_sessionfinish(there)
    whole.pytest_testnodedown(there.config)
    whole.pytest_sessionfinish(SimpleNamespace(config=SimpleNamespace()))
    assert json.loads(file.read_text()) == {
        "file.py": {"seconds": 2.0, "dear": {"dear[σ]": 2.0}},
        "kept.py": {"seconds": 3.0, "dear": {}},
    }
