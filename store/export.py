"""Writes the tables of a store as plain files, one each. Views are not written: they are derived."""

from __future__ import annotations

from pathlib import Path

from store.connect import Store
from store.errors import StoreInvalid

FORMATS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


def export(store: Store, folder: Path, kind: str = "parquet", *, overwrite: bool = False) -> list[Path]:
    """Writes one file per table.

    Args:
        store: the open store.
        folder: where to; it is created.
        kind: `parquet`, which keeps every value and type, or `csv`.
        overwrite: whether files that exist may be replaced.

    Returns:
        The files.

    Raises:
        StoreInvalid: when the format is unknown, the folder cannot be made, or a file exists.
    """
    if kind not in FORMATS:
        raise StoreInvalid(f"there is no format {kind!r}; it is one of {', '.join(FORMATS)}")
    names = [one.name for one in store.relations() if one.kind == "table"]
    files = {name: folder / f"{name}.{kind}" for name in names}
    existing = [file for file in files.values() if file.exists()]
    if existing and not overwrite:
        raise StoreInvalid(f"{existing[0]} exists already: choose an empty folder, or add --overwrite")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreInvalid(f"the folder {folder} cannot be made: {error.strerror}") from None
    for name, file in files.items():
        quoted = str(file).replace("'", "''")
        store.query(f"COPY \"{name}\" TO '{quoted}' ({FORMATS[kind]})")
    return list(files.values())
