"""Ctrl-C in the middle of a command of the store, in real processes: a sentence, no traceback, and nothing is lost."""

import os
import signal
import subprocess
import sys
import time

import pytest
import typer

from goldilocks.store.command_line.terminal import interruptions
from goldilocks.store.errors import StoreFailed
from goldilocks.store.exchange import output
from tests import breadth
from tests.store.test_command_line import succeeded

# Longer than anybody waits; DuckDB works on it in one go.
ENDLESS = "SELECT sum((a.range + b.range) % 2) FROM range(10_000_000) a, range(1_000_000) b"


def interrupted(begun, *arguments):
    """Start a command, press Ctrl-C once it has begun, and return what it printed."""
    command = [sys.executable, "-m", "goldilocks", "store", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        begun(process)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, said) == (130, "Interrupted: nothing that was stored is lost.\n")
    return printed


@pytest.mark.parametrize("form", breadth.few(output.FORMATS, 2))
def test_a_query(layout, tmp_path, form):
    def begun(process):
        # A file under another name is there from its first byte.
        while not any(tmp_path.iterdir()):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)

    target = tmp_path / "rows"
    assert not interrupted(begun, "query", ENDLESS, "--format", form, "--output", target, "--store", layout.path)
    assert not any(tmp_path.iterdir())


@pytest.mark.thorough("it ends as a query does; what is left of a killed writer is tested by tests.faults")
def test_an_import(tmp_path):
    path = tmp_path / "grid.duckdb"

    def begun(process):
        assert process.stdout.readline().startswith("importing")
        time.sleep(1)

    interrupted(begun, "import", "--store", path)
    assert b"0 already present" in succeeded("import", "--store", path)
    succeeded("check", "--store", path)


def test_while_a_command_is_loaded(tmp_path):
    (tmp_path / "slow.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise RecursionError")
    code = "from goldilocks.__main__ import _loaded; _loaded('slow')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def torn(error):
    """Make an error of a request to end, as an import does, or a commit."""
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        raise error("it was torn") from None


@pytest.mark.parametrize("error", [RecursionError, StoreFailed, RuntimeError])
def test_whatever_is_made_of_a_request_it_is_the_reason(error, capsys):
    with pytest.raises(typer.Exit) as end, interruptions(), interruptions():
        torn(error)
    assert end.value.exit_code == 130
    assert capsys.readouterr().err == "Interrupted: nothing that was stored is lost.\n"


def test_an_error_that_nobody_asked_for_stays_one():
    with pytest.raises(RecursionError), interruptions():
        raise RecursionError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
