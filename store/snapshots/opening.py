"""Following the pointer to a snapshot and opening that, while snapshots come and go and some may be damaged."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from goldilocks.store.errors import StoreBusy, StoreChanged, StoreCorrupt, StoreMissing, StoreWarning
from goldilocks.store.files import durable
from goldilocks.store.files.attach import ISOLATED, attach, isolate, refuse_held, refuse_truncated
from goldilocks.store.files.hold import Hold
from goldilocks.store.layout import Layout, command
from goldilocks.store.schema.admission import refuse_strange
from goldilocks.store.snapshots.key import key
from goldilocks.store.snapshots.seal import refuse_changed

_ATTEMPTS = 5
# What a snapshot is called in a connection.
DATABASE = "grid"

# What to do about a file that is not in a store, which cannot be repaired from a journal.
OF_A_LOG = "Close the file there, or open and close it once more, so that DuckDB puts into it what was written."
OF_DAMAGE = "There is no journal from which it could be rebuilt."


@dataclass(frozen=True)
class Opened:
    """A snapshot that could be opened, its key for caches, the steps of the schema that it has, and a hold on it."""

    file: Path
    version: str
    connection: duckdb.DuckDBPyConnection
    steps: set[int]
    hold: Hold

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
        self.hold.release()


def open_newest(layout: Layout, folders: Sequence[Path] = ()) -> Opened:
    """Open what the pointer names, or else the newest snapshot that can be opened, with a warning.

    Args:
        layout: the store.
        folders: what its connection may read and write beside it.

    Raises:
        StoreMissing: when there is none; the message says which command makes one.
        StoreCorrupt: when none can be read.
        StoreBusy: when the only one is open for writing in another program.
        StoreInvalid, StoreNewer: when it has something in it that no store has, or is of a later version of the code.
    """
    log = durable.log_of(layout.path)
    if log.exists() and _has_snapshots(layout):
        warnings.warn(
            f"{log} was left by a program that opened the store for writing; other programs that open "
            f"{layout.path.name} see what it wrote: {command('store publish', layout.path)} moves it away.",
            StoreWarning,
            stacklevel=4,
        )
    try:
        return _follow(layout, folders)
    except (StoreMissing, StoreCorrupt, StoreBusy) as error:
        for number in reversed(layout.snapshot_numbers()):
            try:
                opened = _open_file(layout.snapshot_file(number), folders)
            except (OSError, duckdb.Error, StoreCorrupt, StoreBusy):
                # The error that is reported is that of the one the pointer names.
                continue
            warnings.warn(f"{error} Snapshot {number:06d} is read instead.", StoreWarning, stacklevel=4)
            return opened
        raise


def _follow(layout: Layout, folders: Sequence[Path]) -> Opened:
    """Follow the pointer anew when the snapshot it named was removed in the meantime."""
    for attempt in range(_ATTEMPTS):
        file = layout.resolve()
        try:
            return _open_file(file, folders)
        except FileNotFoundError:
            continue
        except StoreChanged as error:
            raise StoreChanged(f"{error} {_remedy(layout, OF_A_LOG)}") from error
        except duckdb.Error as error:
            if attempt + 1 == _ATTEMPTS or file.exists():
                raise StoreCorrupt(f"{file} cannot be read: {error} {_remedy(layout, OF_DAMAGE)}") from error
    raise StoreMissing(f"The snapshots of {layout.path} disappear while they are opened.")


def _open_file(file: Path, folders: Sequence[Path]) -> Opened:
    """Open a file and read enough of it to notice most of what can be missing, which DuckDB notices later."""
    opened = Opened(file, key(file), duckdb.connect(config=ISOLATED), set(), _hold(file))
    connection = opened.connection
    try:
        refuse_changed(file)
        try:
            connection.execute(attach(file, DATABASE, read_only=True))
        except duckdb.Error as error:
            refuse_held(error, file)
            raise
        steps = refuse_strange(connection, DATABASE, file)
        isolate(connection, folders)
        connection.execute(f"USE {DATABASE}")
        refuse_truncated(connection, file)
        return replace(opened, steps=steps)
    except BaseException:
        opened.close()
        raise


def _hold(file: Path) -> Hold:
    try:
        return Hold(file)
    except BlockingIOError as error:
        try:
            # DuckDB says who has it.
            duckdb.connect(str(file), read_only=True).close()
        except duckdb.Error as said:
            refuse_held(said, file)
        raise StoreBusy(f"{file} is open for writing in another program. Close it there.") from error


def _has_snapshots(layout: Layout) -> bool:
    """Tell whether the file is a store's, and not somebody's database alone."""
    return layout.path.is_symlink() or bool(layout.snapshot_numbers())


def _remedy(layout: Layout, of_a_file: str) -> str:
    if not _has_snapshots(layout):
        return of_a_file
    return f"{command('store check --repair', layout.path)} rebuilds it from the journal."
