"""The store: everything the engine found out, in one DuckDB file that explains itself.

    import store
    store.open().query("SELECT layer, avg(std) FROM activation_stats WHERE init = $x GROUP BY layer", x="xavier").df()

Reading: `open`, `sandboxed`, and one method per named query. Writing: `WriterLock`, `journal.append` with the schemas
of `tables`, `publish`, `done_cells`. `Layout` knows the paths. Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from store.errors import (
    StoreBusy,
    StoreChanged,
    StoreCorrupt,
    StoreError,
    StoreFailed,
    StoreInvalid,
    StoreMissing,
    StoreNewer,
    StoreWarning,
)
from store.layout import Layout

if TYPE_CHECKING:
    from store import journal, queries, tables
    from store.connect import Store, open
    from store.done import done_cells
    from store.lock import WriterLock, writer
    from store.publication import Snapshot, publish
    from store.result import Result
    from store.sandbox import sandboxed

_HOME = {
    "open": "connect",
    "sandboxed": "sandbox",
    "Store": "connect",
    "Result": "result",
    "publish": "publication",
    "Snapshot": "publication",
    "done_cells": "done",
    "WriterLock": "lock",
    "writer": "lock",
}
_MODULES = ("journal", "queries", "tables")

__all__ = [
    "Layout",
    "Result",
    "Snapshot",
    "Store",
    "StoreBusy",
    "StoreChanged",
    "StoreCorrupt",
    "StoreError",
    "StoreFailed",
    "StoreInvalid",
    "StoreMissing",
    "StoreNewer",
    "StoreWarning",
    "WriterLock",
    "done_cells",
    "journal",
    "open",
    "publish",
    "queries",
    "sandboxed",
    "tables",
    "writer",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"store.{name}")
    if name in _HOME:
        return getattr(import_module(f"store.{_HOME[name]}"), name)
    raise AttributeError(f"module 'store' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
