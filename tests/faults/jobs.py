"""What is disturbed: a store that takes in two batches, one that packs small ones, packing alone, and the engine."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from goldilocks import engine, store
from goldilocks.store import journal
from goldilocks.store.schema import migrate
from goldilocks.store.snapshots.blank import blank
from goldilocks.store.writing import packing
from tests.store.builder import believable, write

GRID = """
[[study]]
kind = "propagation"
width = [8, 16]
depth = 3
batch_size = 4
init = ["xavier", "kaiming_slip"]
activation = ["tanh", "relu"]
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = [8, 16]
depth = [2, 3]
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr = [0.1, 100000.0]
batch_size = 32
steps = 20
"""
# Who computed a cell, when and in which company may differ; nothing else may.
INCIDENTAL = ("run_id", "seconds", "batch", "batch_place", "batch_cells")


@dataclass(frozen=True)
class Job:
    """Something that writes to a store; run again after a disturbance, it goes on from there.

    Attributes:
        name: what the table calls it.
        prepare: makes the store as it is before.
        run: does the work that is left.
        cells: how many cells there are in the end.
        each: whether a campaign at length kills it at each operation that is no write, and not at some.
        computes: whether it computes again what is lost.
    """

    name: str
    prepare: Callable[[store.Layout], None]
    run: Callable[[store.Layout], None]
    cells: int
    each: bool = False
    computes: bool = True


def _batch(number: int):
    return believable(4, 4, first_seed=number)


@cache
def _ids(number: int) -> frozenset[str]:
    return frozenset(row["cell_id"] for row in _batch(number).rows["cells"])


def _prepare_store(layout: store.Layout) -> None:
    write(layout.path, _batch(0), _batch(1))


def _grow_store(layout: store.Layout) -> None:
    with store.WriterLock(layout):
        for number in range(4):
            if not _ids(number) <= store.done_cells(layout):
                journal.append(layout, "test", _batch(number).tables())
            store.publish(layout)


@cache
def _grid() -> engine.Grid:
    return engine.Grid.from_toml(GRID, "faults")


def warm_up() -> None:
    """Loads what every child process would otherwise load for itself."""
    for name in (
        "pandas",
        "pyarrow.dataset",
        "sklearn.datasets",
        "goldilocks.engine.execution.run",
        "goldilocks.store.repairs.repair",
    ):
        import_module(name)
    _grid()
    for number in range(4):
        _ids(number)
    migrate.is_current(migrate.empty())
    blank()
    # Else the garbage collection of each child would touch, and so copy, all of it.
    gc.freeze()
    # Libraries that look for leaks when a program ends, such as Triton's, would take all of it for one.
    atexit.register(gc.unfreeze)


def _prepare_small(layout: store.Layout) -> None:
    write(layout.path, *(believable(1, 1, first_seed=number) for number in range(2)))


def _pack(layout: store.Layout) -> None:
    """Adds small entries to two that are published, until there are enough to be packed; twice."""
    with store.WriterLock(layout), patch.object(packing, "LEAST", 4):
        for number in range(2, 9):
            batch = believable(1, 1, first_seed=number)
            if not {row["cell_id"] for row in batch.rows["cells"]} <= store.done_cells(layout):
                journal.append(layout, "test", batch.tables())
            if number % 2:
                store.publish(layout)
        store.publish(layout)


def _prepare_published(layout: store.Layout) -> None:
    """Makes a store whose entries are published, so that packing alone writes."""
    write(layout.path, *(believable(1, 1, first_seed=number) for number in range(5)))


def _pack_alone(layout: store.Layout) -> None:
    with store.WriterLock(layout), patch.object(packing, "LEAST", 4):
        packing.pack(layout)


STORE = Job("store", _prepare_store, _grow_store, 32)
PACKING = Job("packing", _prepare_small, _pack, 18)
PACKING_ALONE = Job("packing alone", _prepare_published, _pack_alone, 10, each=True, computes=False)
ENGINE = Job("engine", lambda layout: None, lambda layout: engine.run(_grid(), layout.path) and None, 2 * 8 + 16)


def contents(path: Path) -> dict[str, list[str]]:
    """Returns every row of a store but for what may differ between runs, comparable by ==."""
    found = {}
    with store.open(path) as opened:
        for name in ("cells", *store.tables.RESULTS):
            columns = f"COLUMNS(lambda c: c NOT IN {INCIDENTAL})"
            found[name] = sorted(map(repr, opened.query(f"SELECT {columns} FROM {name}").fetchall()))
    return found
