"""The engine as users run it: its own process, a store in a folder of the test's."""

import json
import subprocess

from tests import warm


def start(*arguments, **options):
    """Start `goldilocks …` and return the process."""
    return warm.Process("engine", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def run(grid, store, *options):
    """Run a grid to its end and return the summary."""
    process = start("run", grid, "--store", store, "--json", "--quiet", *options)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return json.loads(out)
