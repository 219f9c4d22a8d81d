"""What each file of tests takes, in seconds of processor time: measured on request, kept beside the tests, and used to
begin with the longest and to leave out the slow.

`make durations` runs all tests and writes the file; `pytest --measure FILE` writes what one file takes.
"""

import json
import math
import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests import warm

FILE = Path(__file__).with_name("durations.json")
# A file that takes longer is slow, and `make quick` leaves it out.
SLOW = 1.5
# How many tests are named with what each takes.
DEAREST = 40


@cache
def known():
    """Return the seconds of each file, by its path from the root of the repository."""
    return json.loads(FILE.read_text())


def is_slow(file):
    """Return whether a file, by its path from the root of the repository, is left out of a quick run.

    One that was not measured yet is not, unless it is about a browser: to start one alone takes longer.
    """
    return known().get(file, math.inf if file.startswith("tests/browser/test_") else 0) > SLOW


def expected(file):
    """Return the seconds that a file may take, by its path from the root of the repository.

    One that was not measured yet may be the longest: last, it would keep one worker busy while the others have ended.
    """
    return known().get(file, math.inf)


class Measuring:
    """Adds up what each file takes, children included, in each worker; the one that started them writes it down.

    The start of the interpreter that forks, once in each worker, belongs to no file.
    """

    def __init__(self):
        self.seconds = Counter()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        before = _taken()
        yield
        self.seconds[item.nodeid] += _taken() - before

    def pytest_deselected(self, items):
        # Else a file that is left to another run would be known by what it once took.
        self.seconds.update({item.nodeid: 0.0 for item in items})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.seconds.update(getattr(node, "workeroutput", {}).get("seconds", {}))

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["seconds"] = dict(self.seconds)
        else:
            measured = known() | {file: round(seconds, 1) for file, seconds in self.by_file().items()}
            root = FILE.parents[1]
            kept = {file: seconds for file, seconds in sorted(measured.items()) if (root / file).exists()}
            FILE.write_text(json.dumps(kept, indent=1) + "\n")

    def by_file(self):
        """Return the seconds of each file."""
        files = Counter()
        for test, seconds in self.seconds.items():
            files[test.partition("::")[0]] += seconds
        return files

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section(f"{DEAREST} tests that take longest, of {sum(self.seconds.values()):.0f} s")
        for test, seconds in self.seconds.most_common(DEAREST):
            terminalreporter.write_line(f"{seconds:7.1f} s  {test}")


def _taken():
    """Return the seconds of processor time of this process, of its children and of forks that were waited for."""
    return sum(os.times()[:4]) + warm.seconds
