"""Where rows come from that join a store: another DuckDB file of whatever age, or a folder made by `export`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from store import durable, migrate, tables
from store.attach import attached
from store.errors import StoreCorrupt, StoreInvalid

STEPS = "schema_steps"


@contextmanager
def source(path: Path, workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a source with the newest schema; what it consists of is not changed.

    Args:
        path: a DuckDB file, or a folder made by `store export --format parquet`.
        workspace: an existing folder on a disk with room for a copy.

    Returns:
        A connection whose current database has the tables of the source.

    Raises:
        StoreInvalid: when the path is neither.
        StoreNewer: when it was written by a later version of the code.
        StoreCorrupt: when it cannot be read.
    """
    if not path.exists():
        raise StoreInvalid(f"there is no file or folder {path}; give a DuckDB file, or a folder made by `store export`")
    with tempfile.TemporaryDirectory(dir=workspace, prefix=durable.TEMPORARY) as folder:
        try:
            file = Path(folder) / "source.duckdb"
            if path.is_dir():
                _load(path, file)
            else:
                file = _current(path.resolve(), file)
            with attached(file, read_only=True) as connection:
                yield connection
        except duckdb.IOException as error:
            raise StoreCorrupt(f"{path} cannot be read: {error}") from error


def _current(path: Path, copy: Path) -> Path:
    """Returns the file itself when it has the newest schema, else a copy that was brought there."""
    with attached(path, read_only=True) as connection:
        done = migrate.applied(connection)
        if not done:
            raise StoreInvalid(f"{path} is a DuckDB file, but not a Goldilocks store: it has no table {STEPS}")
        migrate.refuse_newer(done, path)
        if migrate.is_current(connection):
            return path
    durable.copy(path, copy)
    with attached(copy) as connection:
        migrate.migrate(connection)
    return copy


def _load(folder: Path, file: Path) -> None:
    steps = folder / f"{STEPS}.parquet"
    if not steps.exists():
        raise StoreInvalid(f"{folder} has no {steps.name}: it was not made by `store export DIR --format parquet`")
    with attached(file) as connection:
        done = {step for (step,) in connection.execute("SELECT step FROM read_parquet(?)", [str(steps)]).fetchall()}
        migrate.refuse_newer(done, folder)
        migrate.migrate(connection)
        connection.execute("DELETE FROM metrics")
        for name in tables.names():
            _fill(connection, name, folder)


def _fill(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> None:
    parts = [str(part) for part in sorted((folder / name).rglob("*.parquet"))]
    files = parts or [str(file) for file in [folder / f"{name}.parquet"] if file.exists()]
    if not files:
        return
    # The partition is a column of `cells` alone; the other tables have it in the names of their folders only.
    hidden = " EXCLUDE (study)" if parts and name != "cells" else ""
    partitions = ", hive_partitioning = true, hive_types = {'study': VARCHAR}" if parts else ""
    connection.execute(
        f"INSERT INTO {name} BY NAME SELECT *{hidden} FROM read_parquet($files, union_by_name = true{partitions})",
        {"files": files},
    )
