"""What tests take, in seconds of processor time: measured on request, kept beside the tests, and used to begin with the
longest file, to leave out the slow files of a quick run, and to leave the dear tests to a thorough one.

`make durations` runs all tests and writes the file; `pytest --measure FILE` writes what one file takes.
"""

import json
import math
import os
from collections import Counter, defaultdict
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil
import pytest

from tests import warm

FILE = Path(__file__).with_name("durations.json")
# A file that takes longer is slow, and `make quick` leaves it out.
SLOW = 1.5
# A test that takes longer is dear, and noted by its name.
DEAR = 0.5
# How many tests are named with what each takes.
DEAREST = 40


@cache
def known():
    """Return of each file, by its path from the root, what its cheap tests take together and each of its dear ones."""
    return json.loads(FILE.read_text())


def is_slow(file):
    """Return whether a file, by its path from the root of the repository, is left out of a quick run.

    One that was not measured yet is not, unless it is about a browser: to start one alone takes longer.
    """
    unmeasured = math.inf if file.startswith("tests/browser/test_") else 0
    return (_seconds(file) if file in known() else unmeasured) > SLOW


def expected(file):
    """Return the seconds that a file may take, by its path from the root of the repository.

    One that was not measured yet may be the longest: last, it would keep one worker busy while the others have ended.
    """
    return _seconds(file) if file in known() else math.inf


def _seconds(file):
    return known()[file]["cheap"] + sum(known()[file]["dear"].values())


def is_dear(nodeid):
    """Return whether a test was measured and takes long."""
    file, _, test = nodeid.partition("::")
    return test in known().get(file, {}).get("dear", ())


class Measuring:
    """Adds up what each test takes, children included, in each worker; the one that started them writes it down.

    The start of the interpreter that forks, once in each worker, belongs to no test.
    """

    def __init__(self):
        self.seconds = Counter()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        before = _taken()
        yield
        self.seconds[item.nodeid] += _taken() - before

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.seconds.update(getattr(node, "workeroutput", {}).get("seconds", {}))

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["seconds"] = dict(self.seconds)
        else:
            root = FILE.parents[1]
            measured = known() | self.by_file()
            kept = {file: told for file, told in sorted(measured.items()) if (root / file).exists()}
            FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")

    def by_file(self):
        """Return of each file what `known` does."""
        files = defaultdict(dict)
        for nodeid, seconds in self.seconds.items():
            file, _, test = nodeid.partition("::")
            files[file][test] = seconds
        return {file: _noted(tests) for file, tests in files.items()}

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section(f"{DEAREST} tests that take longest, of {sum(self.seconds.values()):.0f} s")
        for test, seconds in self.seconds.most_common(DEAREST):
            terminalreporter.write_line(f"{seconds:7.1f} s  {test}")


def _noted(tests):
    dear = {test: round(seconds, 1) for test, seconds in sorted(tests.items()) if seconds > DEAR}
    return {"cheap": round(sum(tests.values()) - sum(dear.values()), 1), "dear": dear}


def _taken():
    """Return the seconds of processor time of this process, of what it started, and of forks that have ended."""
    total = sum(os.times()[:4]) + warm.seconds
    # Browsers and servers last longer than a test.
    for one in psutil.Process().children(recursive=True):
        if one.pid not in warm.interpreters():
            with suppress(psutil.Error):
                total += sum(one.cpu_times()[:4])
    return total
