"""Writes the tables of a store as plain files. Views are not written: they are derived.

In Parquet, tables of results are folders with one part per study (`curves/study=training/…`), which Arrow, Spark,
polars and DuckDB read as one table and of which one can take the part that is wanted; `store import` reads them back
without loss. In CSV every table is one file.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from goldilocks.store.errors import StoreInvalid
from goldilocks.store.files.attach import attached
from goldilocks.store.quoting import identifier, literal
from goldilocks.store.reading.connect import Store
from goldilocks.store.schema import tables

PARQUET = "FORMAT parquet, COMPRESSION zstd"
FORMATS = {"parquet": PARQUET, "csv": "FORMAT csv, HEADER"}
PARTITION = "study"
_FILE_NAME = re.compile(r"\w+", re.ASCII)


def export(store: Store, folder: Path, kind: str = "parquet", *, overwrite: bool = False) -> list[Path]:
    """Write every table.

    Args:
        store: the open store.
        folder: where to; it is created.
        kind: `parquet`, which keeps every value and type, or `csv`.
        overwrite: whether files that exist may be replaced.

    Returns:
        The files, and folders of partitioned tables.

    Raises:
        StoreInvalid: when the format is unknown, the folder cannot be made, or a file exists.
    """
    if kind not in FORMATS:
        raise StoreInvalid(f"unknown format {kind!r}; allowed: {', '.join(FORMATS)}")
    names = [one.name for one in store.relations() if one.kind == "table"]
    for name in names:
        if not _FILE_NAME.fullmatch(name):
            raise StoreInvalid(f"the table {name!r} cannot be the name of a file; no store has that table")
    places = {name: folder / (name if kind == "parquet" and _parted(name) else f"{name}.{kind}") for name in names}
    existing = [place for place in places.values() if place.exists()]
    if existing and not overwrite:
        raise StoreInvalid(f"{existing[0]} exists already: choose an empty folder, or add --overwrite")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreInvalid(f"the folder {folder} cannot be created: {error.strerror}") from None
    with attached(store.file, read_only=True, folders=[folder]) as connection:
        for name, place in places.items():
            if place.is_dir():
                shutil.rmtree(place)
            rows, options = identifier(name), FORMATS[kind]
            if kind == "parquet" and _parted(name):
                if not connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0]:
                    # A part without rows, so that whoever reads the folder finds the columns.
                    place = place / f"{PARTITION}=none" / "data_0.parquet"
                    place.parent.mkdir(parents=True)
                else:
                    rows, options = _with_study(name), f"{PARQUET}, PARTITION_BY ({PARTITION})"
            connection.execute(f"COPY {rows} TO {literal(place.absolute())} ({options})")
    return list(places.values())


def _parted(name: str) -> bool:
    return name == "cells" or name in tables.RESULTS


def _with_study(name: str) -> str:
    if name == "cells":
        return name
    return f"(SELECT {name}.*, {PARTITION} FROM {name} JOIN (SELECT cell_id, {PARTITION} FROM cells) USING (cell_id))"
