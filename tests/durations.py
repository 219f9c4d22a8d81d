"""What tests take, in seconds of processor time: measured on request, kept beside the tests, and used to begin with the
longest file, to leave out the slow files of a quick run, and to leave the dear tests to a thorough one.

`make durations` runs all tests and writes the file; `pytest --measure FILE` writes what one file takes.
"""

import json
import math
import os
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil
import pytest

from tests import warm

FILE = Path(__file__).with_name("durations.json")
# A file that takes longer is slow, and `make quick` leaves it out.
SLOW = 1.2
# A test that takes longer is dear, and noted by its name.
DEAR = 0.25
# How many tests are named with what each takes.
DEAREST = 40


@cache
def known():
    """Return of each file, by its path from the root, its seconds and those of each of its dear tests."""
    return json.loads(FILE.read_text())


def is_slow(file):
    """Return whether a file, by its path from the root of the repository, is left out of a quick run.

    One that was not measured yet is not, unless it is about a browser: to start one alone takes longer.
    """
    unmeasured = math.inf if file.startswith("tests/browser/test_") else 0
    return known().get(file, {}).get("seconds", unmeasured) > SLOW


def expected(file):
    """Return the seconds that a file may take, by its path from the root of the repository.

    One that was not measured yet may be the longest: last, it would keep one worker busy while the others have ended.
    """
    return known().get(file, {}).get("seconds", math.inf)


def is_dear(nodeid):
    """Return whether a test was measured and takes long."""
    file, _, test = nodeid.partition("::")
    return test in known().get(file, {}).get("dear", ())


class Measuring:
    """Adds up what each test takes, children included, in each worker; the one that started them writes it down.

    What the fixtures of its file take counts for every test that needs them: it is saved when none of them runs. The
    start of the interpreter that forks, once in each worker, and what several files share belong to no test.
    """

    def __init__(self):
        self.tests = Counter()
        self.files = Counter()
        self._shared: dict[tuple[str, str], float] = {}
        self._fixtures = 0.0

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        before = _taken()
        yield
        if fixturedef.scope != "function":
            took = max(0.0, _taken() - before)
            self._fixtures += took
            if fixturedef.scope == "module":
                self._shared[request.node.nodeid, fixturedef.argname] = took

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        before, self._fixtures = _taken(), 0.0
        yield
        # Processes that nobody waits for take their time with them.
        took = max(0.0, _taken() - before)
        file = item.nodeid.partition("::")[0]
        self.files[file] += took
        shared = sum(self._shared.get((file, name), 0.0) for name in item.fixturenames)
        self.tests[item.nodeid] += max(0.0, took - self._fixtures) + shared

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        told = getattr(node, "workeroutput", {}).get("seconds", {})
        self.tests.update(told.get("tests", {}))
        self.files.update(told.get("files", {}))

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["seconds"] = {"tests": dict(self.tests), "files": dict(self.files)}
        else:
            root = FILE.parents[1]
            measured = known() | self.by_file()
            kept = {file: told for file, told in sorted(measured.items()) if (root / file).exists()}
            FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")

    def by_file(self):
        """Return of each file what `known` does."""
        found = {file: {"seconds": round(seconds, 1), "dear": {}} for file, seconds in self.files.items()}
        for nodeid, seconds in sorted(self.tests.items()):
            file, _, test = nodeid.partition("::")
            if seconds > DEAR:
                found[file]["dear"][test] = round(seconds, 2)
        return found

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section(f"{DEAREST} tests that take longest, of {sum(self.files.values()):.0f} s")
        for test, seconds in self.tests.most_common(DEAREST):
            terminalreporter.write_line(f"{seconds:7.1f} s  {test}")


def _taken():
    """Return the seconds of processor time of this process, of what it started, and of forks that have ended."""
    total = sum(os.times()[:4]) + warm.seconds
    # Browsers and servers last longer than a test.
    for one in psutil.Process().children(recursive=True):
        if one.pid not in warm.interpreters():
            with suppress(psutil.Error):
                total += sum(one.cpu_times()[:4])
    return total
