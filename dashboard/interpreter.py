"""Another Python process that finds this package, wherever the server was started."""

import sys
from pathlib import Path

import goldilocks

# Python looks for modules in the folder that it is started in.
FOLDER = Path(goldilocks.__file__).parents[1]


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module, to be started in FOLDER.

    Args:
        name: its full name.
        arguments: what follows on the command line.
    """
    return [sys.executable, "-m", name, *arguments]
