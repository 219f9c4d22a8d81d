"""A warning at a command is a sentence on stderr, whoever gives it, and not a line of Python."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from goldilocks.store import journal
from tests import warm
from tests.store.builder import believable, write
from tests.store.test_command_line import ROOT

PROGRAM = """
import warnings, numpy, sys
from goldilocks.store import StoreWarning
from goldilocks.store.command_line.terminal import main

def command(prog_name):
    warnings.warn("something was skipped", StoreWarning)
    warnings.warn_explicit("too slow \\x1b[31m", UserWarning, "/somewhere/engine/kernels.py", 61)
    numpy.float64(1) / numpy.float64(0)
    print("result")

main(command, "python -m nothing")
"""
EXPECTED = """\
warning: something was skipped
warning: too slow \\x1b[31m
warning: divide by zero encountered in scalar divide
"""


def ran(*command: str, **environment: str) -> subprocess.CompletedProcess:
    return warm.run(*command, text=True, env=os.environ | environment)


def test_warnings_of_every_kind_are_sentences():
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "result\n", EXPECTED)


@pytest.mark.parametrize("command", [("engine", "run", "{grid}", "--quiet"), ("store", "publish")])
def test_an_entry_that_is_skipped_is_named_in_a_sentence(own, tmp_path, command):
    write(own.path, believable(2, 2, first_seed=20), published=False)
    broken = journal.entries(own)[-1]
    broken.file("curves").write_bytes(b"nothing")
    grid = tmp_path / "tiny.toml"
    # Not finite, by NumPy's arithmetic as well: a result and no warning.
    grid.write_text('[[study]]\nkind = "deep_bn"\nwidth = 4\ndepth = 3\nbatch_size = 8\ninit = "normal(std=1e38)"\n'
                    'activation = "relu"\nnorm = "batch"\n')  # fmt: skip
    done = ran(*(part.format(grid=grid) for part in command), GOLDILOCKS_STORE=str(own.path))
    assert done.stderr
    for line in done.stderr.splitlines():
        assert line.startswith(f"warning: journal entry {broken.path} is skipped: "), done.stderr
    assert done.stdout == ("" if command[0] == "engine" else "nothing to publish\n")
