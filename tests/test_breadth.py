"""What runs every time shows every member, and everything runs with `--thorough`."""

import pytest

from tests import conftest, durations
from tests.breadth import each_member, few, is_thorough, only

MEASURED = {"short.py": {"seconds": 1.0, "dear": {}}, "long.py": {"seconds": 60.0, "dear": {"test_it": 59.0}}}


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


def test_only_what_is_named_runs_every_time_and_what_is_none_of_the_cases_is_refused():
    assert every_time(only("abc", "c", "a")) == ["a", "c"]
    assert every_time(only([(1, 2), (3, 4)], (3, 4))) == [(3, 4)]
    with pytest.raises(ValueError, match=r"no such case: .*d"):
        only("abc", "a", "d")


class Collected:
    """A test as pytest collects it, with the marks that it has."""

    def __init__(self, name, *marks):
        self.nodeid = name
        self.marks = marks

    def get_closest_marker(self, name):
        return next((mark for mark in self.marks if mark.name == name), None)


class Config:
    def __init__(self, option):
        self.option = option
        self.hook = self
        self.deselected = []

    def getoption(self, name):
        return name == self.option

    def pytest_deselected(self, items):
        self.deselected += items


@pytest.mark.parametrize(
    ("option", "left"), [("", ["always"]), ("--thorough", ["always", "seldom"]), ("--measure", ["always", "seldom"])]
)
def test_what_is_thorough_waits_for_the_option(option, left):
    items = [Collected("always"), Collected("seldom", pytest.mark.thorough("because").mark)]
    config = Config(option)
    conftest.pytest_collection_modifyitems(items, config)
    assert [item.nodeid for item in items] == left
    assert [item.nodeid for item in config.deselected] == ([] if option else ["seldom"])


@pytest.mark.parametrize("name", ["thorough", "essential"])
def test_a_mark_without_a_reason_is_refused(name):
    with pytest.raises(ValueError, match=rf"seldom: say why: @pytest.mark.{name}"):
        is_thorough(Collected("seldom", getattr(pytest.mark, name).mark))


def test_what_is_dear_waits_unless_it_is_essential_and_what_is_new_does_not(monkeypatch):
    monkeypatch.setattr(durations, "known", lambda: {"file.py": {"seconds": 9.1, "dear": {"test_a[b]": 9.0}}})
    assert is_thorough(Collected("file.py::test_a[b]"))
    essential, thorough = pytest.mark.essential("it must").mark, pytest.mark.thorough("it need not").mark
    assert not is_thorough(Collected("file.py::test_a[b]", essential))
    assert is_thorough(Collected("file.py::test_a[b]", essential, thorough))
    assert not is_thorough(Collected("file.py::test_a[c]"))
    assert not is_thorough(Collected("new.py::test_a[b]"))


def test_among_several_workers_what_was_not_measured_and_what_takes_longest_comes_first(monkeypatch):
    monkeypatch.setattr(durations, "known", lambda: MEASURED)
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    items = [Collected(name) for name in ("short.py::a", "long.py::a", "short.py::b", "new.py::a")]
    conftest.pytest_collection_modifyitems(items, Config("--thorough"))
    assert [item.nodeid for item in items] == ["new.py::a", "long.py::a", "short.py::a", "short.py::b"]


@pytest.mark.parametrize(
    ("file", "slow"), [("short.py", False), ("long.py", True), ("new.py", False), ("tests/browser/test_new.py", True)]
)
def test_a_new_file_is_quick_unless_it_starts_a_browser(file, slow, monkeypatch):
    monkeypatch.setattr(durations, "known", lambda: MEASURED)
    assert durations.is_slow(file) is slow
