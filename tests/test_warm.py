"""Forked programs are counted, and what they cannot do is refused."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import durations, warm

ROOT = Path(__file__).parents[1]
BURNING = "import time\nwhile time.process_time() < 0.3:\n    pass"
# A process that outlives the interpreter which would tell of its end.
FORSAKEN = """
import atexit, subprocess
from tests import warm
{end}
process = warm.Process("waiting", loaded=warm.PAGES, cwd={folder!r}, stdin=subprocess.PIPE)
"""


def test_what_a_fork_takes_is_counted(tmp_path):
    (tmp_path / "burning.py").write_text(BURNING)
    measuring = durations.Measuring()
    around = measuring.pytest_runtest_protocol(SimpleNamespace(nodeid="tests/test_this.py::test_that", fixturenames=[]))
    next(around)
    assert warm.run("burning", cwd=tmp_path).returncode == 0
    next(around, None)
    assert measuring.by_file()["tests/test_this.py"]["seconds"] > 0.25


def test_a_program_may_be_given_as_it_is():
    done = warm.run("-c", "import sys; print(sys.argv); sys.exit(3)", "one", text=True)
    assert (done.returncode, done.stdout) == (3, "['-c', 'one']\n"), done.stderr


@pytest.mark.parametrize("option", ["start_new_session", "preexec_fn", "pass_fds", "umask", "shell"])
def test_an_option_that_would_go_unheeded_is_refused(option):
    with pytest.raises(TypeError, match=f"does not take {option}; it takes .*cwd"):
        warm.Process("burning", **{option: True})


@pytest.mark.parametrize("end", ["", "atexit.register(lambda: process.kill())"], ids=["nobody", "who started it"])
def test_a_fork_that_was_not_waited_for_does_not_spoil_the_end(tmp_path, end):
    (tmp_path / "waiting.py").write_text("import sys\nsys.stdin.read()")
    done = subprocess.run(
        [sys.executable, "-c", FORSAKEN.format(folder=str(tmp_path), end=end)],
        cwd=ROOT, env={"PYTHONPATH": ".:.package"}, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
