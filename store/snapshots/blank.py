"""The file of a database that has the newest schema and no rows: what a snapshot of the journal alone begins with."""

from __future__ import annotations

from functools import cache

from goldilocks.store.files.attach import attached
from goldilocks.store.files.scratch import scratch
from goldilocks.store.schema import migrate


@cache
def blank() -> bytes:
    """Return the content of such a file; it is made once, since applying every step takes longer than most entries."""
    with scratch() as folder:
        file = folder / "blank.duckdb"
        with attached(file, own=True) as connection:
            migrate.migrate(connection)
            connection.execute("CHECKPOINT snapshot")
        return file.read_bytes()
