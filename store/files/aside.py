"""Moving what is damaged, or not the store's own, out of the way without losing it."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from goldilocks.store.files import durable
from goldilocks.store.layout import Layout


def set_aside(layout: Layout, path: Path) -> Path:
    """Move a file or folder of a store to its folder of damaged things, durably.

    Args:
        layout: the store.
        path: what to move.

    Returns:
        Where it is now; numbered when something of that name was there already.
    """
    target = _free(layout, path)
    os.rename(path, target)
    durable.sync(layout.damaged)
    durable.sync(path.parent)
    return target


def keep_copy(layout: Layout, file: Path) -> Path:
    """Copy a file of a store to its folder of damaged things; see `set_aside`."""
    target = _free(layout, file)
    durable.copy(file, target)
    durable.sync(target)
    durable.sync(layout.damaged)
    return target


def _free(layout: Layout, path: Path) -> Path:
    layout.damaged.mkdir(parents=True, exist_ok=True)
    names = (path.name if number == 1 else f"{path.stem}-{number}{path.suffix}" for number in count(1))
    return next(layout.damaged / name for name in names if not os.path.lexists(layout.damaged / name))
