"""Which files beside a plugin are its own: what it imports or reads while it is loaded, in whatever way it does so.

An import statement is seen in the text; a module that is imported by its name, a file that is run and data that are
read are not. Python tells of each file that it opens.
"""

import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import goldilocks

# This program; a plugin may lie beside it, and imports it.
PROGRAM = tuple((Path(goldilocks.__file__).parent / name).resolve() for name in (".", "engine", "store", "dashboard"))
INSTALLED = {"site-packages", "dist-packages"}
CACHE = "__pycache__"


def belongs(file: Path, folder: Path) -> bool:
    """Tell whether a file below the folder of a plugin is its own: not this program's, and not installed.

    Args:
        file: an absolute path.
        folder: the folder of the plugin.
    """
    if folder not in file.parents or not INSTALLED.isdisjoint(file.relative_to(folder).parts):
        return False
    others = (*PROGRAM, *(Path(place).resolve() for place in {sys.prefix, sys.base_prefix}))
    return not any(other in file.parents and other not in (folder, *folder.parents) for other in others)


class _Watch(threading.local):
    """The folder that is watched by this thread, and the files that were opened there."""

    folder: Path | None = None
    files: set[Path]


_watch = _Watch()


@contextmanager
def opened(folder: Path) -> Iterator[set[Path]]:
    """Collect the files of a plugin that Python opens meanwhile, in this thread, to read them.

    Args:
        folder: the folder of the plugin.
    """
    _listen()
    _watch.folder, _watch.files = folder, set()
    try:
        yield _watch.files
    finally:
        _watch.folder = None


@cache
def _listen() -> None:
    # Such a hook stays for as long as the process lives.
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or _watch.folder is None:
        return
    path, mode, _ = arguments
    if isinstance(path, int) or (mode and not mode.startswith("r")):
        return
    file = Path(os.fsdecode(path)).absolute()
    if file.parent.name == CACHE:
        with suppress(ValueError, NotImplementedError):
            file = Path(importlib.util.source_from_cache(file))
    file = file.resolve()
    if file.is_file() and belongs(file, _watch.folder):
        _watch.files.add(file)
