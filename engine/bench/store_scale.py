"""How the store grows: rates, sizes and times of queries over three orders of magnitude, on synthetic cells.

A store of N training cells also has N/5 propagation cells, with every layer and histogram.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from goldilocks import store
from goldilocks.engine.bench import synthetic_store as synthetic
from goldilocks.engine.execution.publication import LARGEST_SHARE, LONGEST_WAIT
from goldilocks.store import queries
from goldilocks.store.checks.check import check
from goldilocks.store.files.scratch import scratch

SIZES = (10_000, 100_000, 1_000_000)
PROPAGATION_SHARE = 5
# How often each query is asked warm, and a batch published.
CALLS, PUBLICATIONS = 5, 3
# What a reader of one page chooses, by the name of a parameter; the rest keeps its default.
CHOSEN = {
    "inits": list(synthetic.INITS[:4]),
    "activations": ["tanh", "relu"],
    "norms": ["none", "batch"],
    "depths": [5, 20],
    "lrs": list(synthetic.RATES[:2]),
    "activation": "tanh",
    "norm": "none",
    "batch_size": synthetic.BATCH,
    "steps": synthetic.STEPS,
    "optimizer": "sgd",
}
TRAINING = {"dataset": "digits", "preprocessing": "standardize", "width": 32, "depth": 5}
PROPAGATION = {"dataset": "gaussian", "preprocessing": "raw", "width": 64, "depth": synthetic.DEPTH}
# Only where a query cannot do without; the synthetic cells have no quantities, and no network of one's own.
NEEDED = {"relation": "cells", "study": "training", "quantity": "none", "network": "none"}


def measure(most: int, say: Callable[[str], None] = lambda line: None) -> list[dict[str, Any]]:
    """Grow a store to each size and measure it.

    Args:
        most: sizes beyond this are left out.
        say: called with what is being measured.

    Returns:
        One entry per size.
    """
    entries = []
    for size in SIZES:
        if size <= most:
            say(f"store of {size:,} training and {size // PROPAGATION_SHARE:,} propagation cells")
            with scratch() as folder:
                entries.append(_measure(store.Layout.at(folder / "grid.duckdb"), size))
    return entries


def _measure(layout: store.Layout, size: int) -> dict[str, Any]:
    cells = size + size // PROPAGATION_SHARE
    with store.WriterLock(layout):
        grown = synthetic.SyntheticStore(layout, size, size // PROPAGATION_SHARE)
        grown.begin()
        journaled, _ = _timed(grown.grow)
        ingested, _ = _timed(lambda: store.publish(layout))
        # More of the same, by another width, a batch at a time.
        more = synthetic.SyntheticStore(layout, size + PUBLICATIONS * synthetic.CELLS_PER_ENTRY, 0)
        more.skip(size)
        published = []
        for _ in range(PUBLICATIONS):
            more.grow(1)
            published.append(_timed(lambda: store.publish(layout))[0])
    checked, broken = _timed(lambda: [result.name for result in check(layout) if not result.holds])
    seconds = query_seconds(layout)
    every = sorted(second for times in seconds.values() for second in times)
    slowest = max(seconds, key=lambda name: max(seconds[name]))
    return {
        "training_cells": size,
        "propagation_cells": size // PROPAGATION_SHARE,
        "journal_cells_per_second": cells / journaled,
        "ingest_cells_per_second": cells / ingested,
        "publish_seconds": statistics.median(published),
        "seconds_between_publications": max(LONGEST_WAIT, statistics.median(published) / LARGEST_SHARE),
        "bytes_per_cell": layout.resolve().stat().st_size / cells,
        "check_seconds": checked,
        "check_broken": broken,
        "query_seconds": {name: max(times) for name, times in seconds.items()},
        "query_seconds_95": every[int(0.95 * (len(every) - 1))],
        "slowest_query": slowest,
        "slowest_query_seconds": max(seconds[slowest]),
    }


def query_seconds(layout: store.Layout) -> dict[str, list[float]]:
    """Time every named query, warm, as a page asks it and with its rows as a data frame.

    Args:
        layout: a store made by `synthetic_store`.

    Returns:
        Seconds of each call, by query.
    """
    seconds = {}
    with store.open(layout) as handle:
        for name, query in queries.all().items():
            ask = partial(_ask, handle, name, arguments(query))
            ask()
            seconds[name] = [_timed(ask)[0] for _ in range(CALLS)]
    return seconds


def _ask(handle: store.Store, name: str, values: dict[str, Any]) -> int:
    return len(handle.named(name, **values).df())


def arguments(query: queries.Query) -> dict[str, Any]:
    """Return what a page would ask a named query.

    Args:
        query: the query.
    """
    default = {one.name: one.default for one in query.parameters}
    needed = {name: value for name, value in NEEDED.items() if default.get(name) is queries.REQUIRED}
    chosen = CHOSEN | (PROPAGATION if default.get("dataset") == "gaussian" else TRAINING) | needed
    return {name: chosen[name] for name in default if name in chosen}


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result
