"""Reading what `store export --format parquet` wrote, or what somebody says that it wrote.

Only files are read that such a folder has, in their places; links, which could lead anywhere, are refused, and so is a
file whose columns are not those of its table.
"""

from __future__ import annotations

import glob
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreInvalid
from goldilocks.store.files.attach import attached
from goldilocks.store.quoting import identifier
from goldilocks.store.schema import migrate, study_axes, tables
from goldilocks.store.schema.admission import STEPS
from goldilocks.store.snapshots.blank import blank

PARTITION = "study"
# Parquet has no JSON of its own: it travels as text with a mark, or without.
_ALIKE = {"JSON": "VARCHAR"}


def load(folder: Path, file: Path) -> None:
    """Make a database with the newest schema of a folder.

    Args:
        folder: the folder.
        file: the new database.

    Raises:
        StoreInvalid: when something in the folder is not what an export has.
        StoreNewer: when it was written by a later version of the code.
    """
    parts = {name: list(_parts(folder, name)) for name in (STEPS, *tables.names())}
    if not parts[STEPS]:
        raise StoreInvalid(f"{folder} has no {STEPS}.parquet: it was not made by `store export DIR --format parquet`")
    results = [name for name in tables.RESULTS if parts[name]]
    if results and not parts["cells"]:
        raise StoreInvalid(
            f"{folder} has {results[0]} but no cells: a part of the export is missing, and nothing was taken in"
        )
    file.write_bytes(blank())
    with attached(file, folders=[folder]) as connection:
        _check_columns(connection, STEPS, parts[STEPS])
        rows = "SELECT step FROM read_parquet($files)"
        done = connection.execute(rows, {"files": _patterns(parts[STEPS])}).fetchall()
        migrate.refuse_newer({step for (step,) in done}, folder)
        connection.execute("DELETE FROM metrics")
        for name in tables.names():
            if parts[name]:
                _check_columns(connection, name, parts[name])
                _fill(connection, name, parts[name])
        study_axes.fill(connection)


def _parts(folder: Path, name: str) -> Iterator[Path]:
    """Yield the files of a table: `name/study=…/….parquet`, or else `name.parquet`."""
    parts = folder / name
    if not parts.is_symlink() and parts.is_dir():
        for part in sorted(parts.iterdir()):
            if not part.name.startswith(f"{PARTITION}=") or part.is_symlink() or not part.is_dir():
                raise StoreInvalid(f"{part} is refused: in {parts.name}, an export has only folders {PARTITION}=…")
            yield from (_plain(file) for file in sorted(part.iterdir()))
    elif parts.is_symlink() or parts.exists():
        raise StoreInvalid(f"{parts} is refused: an export has a folder there, and no link")
    elif (file := folder / f"{name}.parquet").is_symlink() or file.exists():
        yield _plain(file)


def _plain(file: Path) -> Path:
    if not stat.S_ISREG(file.lstat().st_mode) or file.suffix != ".parquet":
        raise StoreInvalid(f"{file} is refused: an export has Parquet files there, and neither links nor anything else")
    return file


def _patterns(files: list[Path]) -> list[str]:
    return [glob.escape(str(file)) for file in files]


def _options(files: list[Path]) -> str:
    partitioned = files[0].parent.name.startswith(f"{PARTITION}=")
    # Else DuckDB would take any `name=value` in the path for a column.
    hive = f"true, hive_types = {{'{PARTITION}': VARCHAR}}" if partitioned else "false"
    return f"read_parquet($files, union_by_name = true, hive_partitioning = {hive})"


def _check_columns(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path]) -> None:
    known = dict(
        connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = current_database() AND table_name = ?",
            [name],
        ).fetchall()
    )
    for file in files:
        described = connection.execute(f"DESCRIBE FROM {_options([file])}", {"files": _patterns([file])}).fetchall()
        for column, kind, *_ in described:
            if column == PARTITION and name != "cells" and file.parent.name.startswith(f"{PARTITION}="):
                continue
            required = known.get(column)
            if required is None:
                raise StoreInvalid(f"{file} is refused: {name} has no column {column!r}")
            if kind not in (required, _ALIKE.get(required)):
                raise StoreInvalid(f"{file} is refused: {name}.{column} is {kind}; {required} is required")


def _fill(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path]) -> None:
    # The partition is a column of `cells` alone; the other tables have it in the names of their folders only.
    parted = files[0].parent.name.startswith(f"{PARTITION}=")
    hidden = f" EXCLUDE ({PARTITION})" if parted and name != "cells" else ""
    connection.execute(
        f"INSERT INTO {identifier(name)} BY NAME SELECT *{hidden} FROM {_options(files)}", {"files": _patterns(files)}
    )
