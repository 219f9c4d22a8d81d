"""Where rows come from that join a store: another DuckDB file of whatever age, or a folder made by `export`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreCorrupt, StoreFailed, StoreInvalid
from goldilocks.store.exchange.parquet_folder import load
from goldilocks.store.files import durable
from goldilocks.store.files.attach import attached
from goldilocks.store.schema import migrate
from goldilocks.store.schema.admission import STEPS
from goldilocks.store.snapshots.seal import refuse_changed


@contextmanager
def source(
    path: Path, workspace: Path, here: Path | None = None, *, own: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a source with the newest schema; what it consists of is not changed.

    Args:
        path: a DuckDB file, or a folder made by `store export --format parquet`.
        workspace: an existing folder on a disk with room for a copy.
        here: a database to compare it with, attached as `here`; None stands for an empty one.
        own: whether it is a snapshot of the same store; see `attached`.

    Returns:
        A connection whose current database has the tables of the source.

    Raises:
        StoreInvalid: when the path is neither, or has something in it that no store has.
        StoreNewer: when it was written by a later version of the code.
        StoreCorrupt: when it cannot be read, or is a snapshot that has changed since its publication.
        StoreFailed: when the workspace is full.
    """
    if not path.exists():
        raise StoreInvalid(f"there is no file or folder {path}; give a DuckDB file, or a folder made by `store export`")
    with tempfile.TemporaryDirectory(dir=workspace, prefix=durable.TEMPORARY) as folder:
        try:
            file = Path(folder) / "source.duckdb"
            if path.is_dir():
                load(path.resolve(), file)
            else:
                file = _current(path.resolve(), file, own)
            with attached(file, read_only=True, beside={"here": here}, own=own) as connection:
                yield connection
        except duckdb.IOException as error:
            if durable.is_full(error):
                raise StoreFailed(f"no room is left in {workspace}, where a copy of {path} is made: {error}") from error
            raise StoreCorrupt(f"{path} cannot be read: {error}") from error


def _current(path: Path, copy: Path, own: bool) -> Path:
    """Return the file itself when it has the newest schema, else a copy that was brought there."""
    refuse_changed(path)
    with attached(path, read_only=True, own=own) as connection:
        done = migrate.applied(connection)
        migrate.refuse_newer(done, path)
        if not done:
            raise StoreInvalid(f"{path} is a DuckDB file, but not a Goldilocks store: it has no table {STEPS}")
        if migrate.is_current(connection):
            return path
    durable.copy(path, copy)
    with attached(copy, own=own) as connection:
        migrate.migrate(connection)
    return copy
