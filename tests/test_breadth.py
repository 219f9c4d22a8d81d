"""What runs every time shows every member, and everything runs with `--thorough`."""

import pytest

from tests import conftest, durations
from tests.breadth import each_member, few, is_thorough


def every_time(cases):
    return [case for case in cases if not hasattr(case, "marks")]


def test_every_member_stands_in_a_case_that_runs_every_time():
    pairs = [(one, other) for one in "abc" for other in range(4)]
    marked = each_member(pairs)
    kept = every_time(marked)
    assert {one for one, _ in kept} == set("abc")
    assert {other for _, other in kept} == set(range(4))
    assert len(kept) == 6
    assert [getattr(case, "values", case) for case in marked] == pairs


def test_few_are_spread_from_the_first_to_the_last():
    assert every_time(few(range(10), 4)) == [0, 3, 6, 9]
    assert every_time(few(range(2), 4)) == [0, 1]
    assert every_time(few(range(10), 1)) == [0]
    assert every_time(few([(1, 2), (3, 4)], 1)) == [(1, 2)]
    assert len(few(range(10), 4)) == 10


class Collected:
    """A test as pytest collects it, with the marks that it has."""

    def __init__(self, name, *marks):
        self.nodeid = name
        self.marks = marks

    def get_closest_marker(self, name):
        return next((mark for mark in self.marks if mark.name == name), None)


class Config:
    def __init__(self, thorough):
        self.thorough = thorough
        self.hook = self
        self.deselected = []

    def getoption(self, name):
        return name == "--thorough" and self.thorough

    def pytest_deselected(self, items):
        self.deselected += items


@pytest.mark.parametrize(("thorough", "left"), [(False, ["always"]), (True, ["always", "seldom"])])
def test_what_is_thorough_waits_for_the_option(thorough, left):
    items = [Collected("always"), Collected("seldom", pytest.mark.thorough("because").mark)]
    config = Config(thorough)
    conftest.pytest_collection_modifyitems(items, config)
    assert [item.nodeid for item in items] == left
    assert [item.nodeid for item in config.deselected] == ([] if thorough else ["seldom"])


def test_a_mark_without_a_reason_is_refused():
    with pytest.raises(ValueError, match="seldom: say why nothing is missed"):
        is_thorough(Collected("seldom", pytest.mark.thorough.mark))


def test_among_several_workers_what_was_not_measured_and_what_takes_longest_comes_first(monkeypatch):
    monkeypatch.setattr(durations, "known", lambda: {"short.py": 1.0, "long.py": 60.0})
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    items = [Collected(name) for name in ("short.py::a", "long.py::a", "short.py::b", "new.py::a")]
    conftest.pytest_collection_modifyitems(items, Config(thorough=True))
    assert [item.nodeid for item in items] == ["new.py::a", "long.py::a", "short.py::a", "short.py::b"]


@pytest.mark.parametrize(
    ("file", "slow"), [("short.py", False), ("long.py", True), ("new.py", False), ("tests/browser/test_new.py", True)]
)
def test_a_new_file_is_quick_unless_it_starts_a_browser(file, slow, monkeypatch):
    monkeypatch.setattr(durations, "known", lambda: {"short.py": 1.0, "long.py": 60.0})
    assert durations.is_slow(file) is slow
