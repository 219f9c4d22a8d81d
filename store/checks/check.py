"""Verifies a store: every invariant by name, the first broken one with an example.

What must hold of the rows is in `rows`, what must hold of the files in `files`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import duckdb

from goldilocks.store.checks import files, rows
from goldilocks.store.checks.check_result import CheckResult, Verdict
from goldilocks.store.errors import StoreError, StoreWarning
from goldilocks.store.layout import Layout
from goldilocks.store.reading import connect
from goldilocks.store.reading.connect import Store
from goldilocks.store.writing import packs

Check = Callable[[Layout, Store], Verdict]


def check(path: str | os.PathLike[str] | Layout | None = None) -> Iterator[CheckResult]:
    """Run the checks until one is broken.

    Args:
        path: the DuckDB file, as for `store.open`.

    Returns:
        A result per check, as they are made; the last one is broken, or all hold.
    """
    layout = Layout.at(path)
    sentence = "The pointer names a snapshot that can be opened."
    try:
        with warnings.catch_warnings():
            # Another snapshot than the named one would do for reading, but not here.
            warnings.simplefilter("error", StoreWarning)
            store = connect.open(layout)
    except (StoreError, StoreWarning) as error:
        yield CheckResult("opens", sentence, False, str(error))
        return
    with store:
        yield CheckResult("opens", sentence, True, f"snapshot {store.snapshot}")
        for name, (sentence, function) in checks().items():
            try:
                verdict = packs.settled(layout.journal, partial(function, layout, store))
            except (StoreError, duckdb.Error) as error:
                verdict = Verdict(False, str(error))
            yield CheckResult(name, sentence, verdict.holds, verdict.detail)
            if not verdict.holds:
                return


def checks() -> dict[str, tuple[str, Check]]:
    """Return the sentence and the function of every check of an open store, in the order in which they are made."""
    by_name: dict[str, tuple[str, Check]] = {
        function.__name__: ((function.__doc__ or "").split("\n")[0], function)
        for function in (
            files.snapshot_intact,
            files.pointer_newest,
            files.no_foreign_log,
            files.everything_commented,
            files.schema_current,
            files.journal_ingested,
            files.journal_intact,
        )
    }
    for name, (sentence, sql) in rows.invariants().items():
        by_name[name] = (sentence, partial(rows.hold, sql))
    # Last, since whatever is wrong with a row is also a disagreement.
    by_name[files.journal_agrees.__name__] = (files.journal_agrees.__doc__ or "", files.journal_agrees)
    return by_name
