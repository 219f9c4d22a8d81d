"""Cached access to the store: every answer is keyed by the snapshot it came from, so it is never stale and never mixed.

Each run of a page begins by pinning the newest snapshot, and all its questions go to that one. Pages ask named queries;
no page reads a whole table.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from goldilocks import store
from goldilocks.dashboard.snapshot import Moved, Snapshot, newest, opened
from goldilocks.store.reading.queries import Query

# A page asks about ten questions; this holds those of many sessions.
MOST_ANSWERS = 1000
# Answers of saved questions, which may have thousands of rows.
MOST_HEADS = 20
# The snapshot that is shown, the one before for sessions that still draw it, and one to spare.
MOST_SNAPSHOTS = 3
# A browser takes the whole file into memory; beyond this, copying it is the better way.
MOST_FILE_BYTES = 400_000_000
_ATTEMPTS = 5
# Frames are small here: pandas' own texts are twice as fast as Arrow's until they have many thousand rows.
pd.set_option("mode.string_storage", "python")

Made = TypeVar("Made")

_pinned: ContextVar[str | None] = ContextVar("pinned", default=None)


def pin() -> bool:
    """Choose the newest snapshot for all that this run of a page asks, and open it.

    Returns:
        Whether it is the one that the store names; else that one is damaged, and an older one is read meanwhile.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    _pinned.set(None)
    version, snapshot = _newest(lambda version: (version, _snapshot(version)))
    _pinned.set(version)
    return snapshot.sound


def version() -> str:
    """Return the key of the snapshot that answers: the pinned one, or the newest.

    Raises:
        StoreError: there is no store.
    """
    return _pinned.get() or newest()


def query(name: str, /, **values: Any) -> pd.DataFrame:
    """Return the answer of a named query on the newest snapshot.

    Args:
        name: a file of `store/sql` without its ending.
        values: its parameters; lists are bound as lists.

    Returns:
        A data frame of its own: changing it changes nothing else.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    return _frame(name, values)


def head(name: str, most: int, /, **values: Any) -> pd.DataFrame:
    """Return the first rows of the answer of a named query; see `query`.

    Args:
        name: a file of `store/sql` without its ending.
        most: number of rows.
        values: its parameters.
    """
    return _newest(lambda version: _head(version, name, most, repr(values), values)).copy(deep=False)


def columns(name: str, wanted: Sequence[str], /, **values: Any) -> pd.DataFrame:
    """Return some columns of the answer of a named query; see `query`.

    Args:
        name: a file of `store/sql` without its ending.
        wanted: the columns.
        values: its parameters.
    """
    return _frame(name, values, columns=tuple(wanted))


def _frame(name: str, values: dict[str, Any], **part: Any) -> pd.DataFrame:
    kept = _newest(lambda version: _answer(version, name, repr((values, part)), values, part))
    # pandas copies on write.
    return kept.copy(deep=False)


def file(query: Query, values: Mapping[str, Any], kind: str, called: Callable[[str], str]) -> bytes:
    """Return the whole answer of a named query as a file; see `query`.

    Args:
        query: the named query.
        values: its parameters.
        kind: CSV or Parquet.
        called: what makes its SQL one with other names of columns.
    """
    with tempfile.TemporaryDirectory(prefix="goldilocks-") as folder:
        path = Path(folder) / query.name
        _newest(lambda version: _snapshot(version).save(query, values, path, kind, called))
        return path.read_bytes()


def _newest(ask: Callable[[str], Made]) -> Made:
    for _ in range(_ATTEMPTS):
        try:
            return ask(version())
        except Moved:
            _pinned.set(None)
    raise store.StoreMissing("The snapshots of this store are replaced faster than they can be read. Reload the page.")


# Arguments are told apart by their text: Streamlit would take a millisecond to hash what they hold.
@st.cache_resource(show_spinner=False, max_entries=MOST_ANSWERS)
def _answer(version: str, name: str, arguments: str, _values: dict[str, Any], _part: dict[str, Any]) -> pd.DataFrame:
    return _snapshot(version).ask(name, _values, **_part)


@st.cache_resource(show_spinner=False, max_entries=MOST_HEADS)
def _head(version: str, name: str, most: int, arguments: str, _values: dict[str, Any]) -> pd.DataFrame:
    return _snapshot(version).ask(name, _values, most)


def _release(snapshot: Snapshot) -> None:
    snapshot.close()
    # Nobody asks for what came from it; what is asked still is soon there again.
    for kept in (_answer, _head, _made):
        kept.clear()


@st.cache_resource(show_spinner=False, max_entries=MOST_SNAPSHOTS, on_release=_release)
def _snapshot(version: str) -> Snapshot:
    return opened(version)


def cached(function: Callable[..., Made]) -> Callable[..., Made]:
    """Keep what a function makes of the store's answers, by snapshot and arguments.

    All readers share what it returns, so nobody may change it.

    Args:
        function: takes arguments whose text tells them apart, so no data frames.
    """
    name = f"{function.__code__.co_filename}:{function.__qualname__}"

    @wraps(function)
    def ask(*given: Any, **values: Any) -> Made:
        return _made(version(), name, repr((given, values)), function, given, values)

    return ask


@st.cache_resource(show_spinner=False, max_entries=MOST_ANSWERS)
def _made(
    version: str, name: str, arguments: str, _function: Callable[..., Any], _given: tuple, _values: dict[str, Any]
) -> Any:
    return _function(*_given, **_values)


@cached
def labels() -> dict[str, str]:
    """Return the axis title of each measured column, unit included where it has one."""
    metrics = query("metric_labels")
    return {
        row.name: row.label if row.unit == "1" else f"{row.label} ({row.unit})"
        for row in metrics.itertuples(index=False)
    }


@cached
def thresholds() -> dict[str, float]:
    """Return the numbers behind shares and verdicts, by name."""
    found = query("verdict_thresholds")
    return dict(zip(found["name"], found["value"], strict=True))
