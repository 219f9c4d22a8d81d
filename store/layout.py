"""Where the files of a store are: the one place that knows the names of folders.

`data/grid.duckdb` is a pointer, a symbolic link to the newest snapshot. Everything else lies in the folder beside it,
whose name keeps the whole name of the pointer, so that no two pointers share a folder:

    data/grid.duckdb -> grid.duckdb.store/snapshots/000007.duckdb
    data/grid.duckdb.store/journal/000001-smoke/cells.parquet …, SHA256SUMS
    data/grid.duckdb.store/journal/packed-000002-000900/…   many small ones, see `writing.packs`
    data/grid.duckdb.store/snapshots/000006.duckdb, 000007.duckdb, each with its digest in a file that ends in .sha256
    data/grid.duckdb.store/damaged/000003-smoke/…   set aside by a repair, if ever
    data/grid.duckdb.store/lock, writer.json

Stores of earlier versions are in `data/grid.store` and stay there.
"""

from __future__ import annotations

import errno
import os
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from goldilocks.store.errors import StoreInvalid, StoreMissing

DEFAULT_PATH = "data/grid.duckdb"
ENVIRONMENT_VARIABLE = "GOLDILOCKS_STORE"
SUFFIX = ".store"
REMEDY = "`make grid` or `goldilocks run` creates one"


def command(words: str, path: os.PathLike[str]) -> str:
    """Return a command on a store as a message shows it, to be copied into a shell.

    Args:
        words: what stands between `goldilocks` and the store, such as `store check`.
        path: of the store.
    """
    return f"`goldilocks {words} --store {shlex.quote(os.fspath(path))}`"


@dataclass(frozen=True)
class Layout:
    """The paths that belong to one store.

    Args:
        path: the pointer, the file that users open.
    """

    path: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str] | Layout | None = None) -> Layout:
        """Find the store at a path.

        Args:
            path: the DuckDB file; None means `$GOLDILOCKS_STORE`, or else `data/grid.duckdb` under the current folder.

        Returns:
            The layout, with an absolute path. Nothing needs to exist.

        Raises:
            StoreInvalid: when the path is a folder, or is the name that the side folder would need.
        """
        if isinstance(path, Layout):
            return path
        chosen = path if path is not None else os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_PATH
        pointer = _without_alias(Path(os.path.abspath(Path(chosen).expanduser())))
        if pointer.is_dir():
            raise StoreInvalid(f"{pointer} is a folder; a store is a DuckDB file such as {pointer / 'grid.duckdb'}")
        if pointer.suffix == SUFFIX:
            raise StoreInvalid(f"{pointer} ends in {SUFFIX}, like the folder of a store; use {pointer.stem}.duckdb")
        return cls(pointer)

    @cached_property
    def folder(self) -> Path:
        """The folder of everything but the pointer."""
        folder = self.path.with_name(self.path.name + SUFFIX)
        return self.path.with_suffix(SUFFIX) if not folder.exists() and self._is_of_old() else folder

    @property
    def journal(self) -> Path:
        """The folder of finished batches."""
        return self.folder / "journal"

    @property
    def damaged(self) -> Path:
        """The folder of batches that a repair found unreadable."""
        return self.folder / "damaged"

    @property
    def snapshots(self) -> Path:
        """The folder of snapshots."""
        return self.folder / "snapshots"

    @property
    def lock_file(self) -> Path:
        """The file that the operating system locks for the writer."""
        return self.folder / "lock"

    @property
    def writer_file(self) -> Path:
        """The file that says who the writer is."""
        return self.folder / "writer.json"

    def snapshot_file(self, number: int) -> Path:
        """Return the path of the snapshot with this number."""
        return self.snapshots / f"{number:06d}.duckdb"

    def snapshot_numbers(self) -> list[int]:
        """Return the numbers of the snapshots that exist, in ascending order."""
        return sorted(int(file.stem) for file in self.snapshots.glob("*.duckdb") if file.stem.isdecimal())

    def resolve(self) -> Path:
        """Return the file that the pointer names at this moment.

        Raises:
            StoreMissing: when there is none.
        """
        try:
            return self.path.resolve(strict=True)
        except FileNotFoundError:
            raise StoreMissing(self._why_missing()) from None
        except (RuntimeError, OSError) as error:
            # Python 3.13 says a loop of links by another error.
            if isinstance(error, OSError) and error.errno != errno.ELOOP:
                raise
            raise StoreMissing(
                f"{self.path} is a symbolic link that leads back to itself: {command('store publish', self.path)} "
                "points it to the newest snapshot again."
            ) from None

    def prepare(self) -> None:
        """Create the folders."""
        self.journal.mkdir(parents=True, exist_ok=True)
        self.snapshots.mkdir(parents=True, exist_ok=True)

    def _is_of_old(self) -> bool:
        """Tell whether the store is in a folder without the ending of the pointer, as those of earlier versions are.

        Such a folder may belong to several pointers: where this one is missing, it is theirs.
        """
        old = self.path.with_suffix(SUFFIX)
        if not old.is_dir():
            return False
        if self.path.is_symlink():
            return _folder_of(self.path) == old
        pointers = (other for other in self.path.parent.iterdir() if other.is_symlink())
        return not any(_folder_of(other) == old for other in pointers)

    def _why_missing(self) -> str:
        if self.journal.is_dir() and any(self.journal.iterdir()):
            remedy = command("store publish", self.path)
            return f"{self.path} names no snapshot, but the journal has unpublished results: {remedy}."
        return f"There is no store at {self.path}: {REMEDY}."

    def __str__(self) -> str:
        return str(self.path)


def _without_alias(path: Path) -> Path:
    """Follow a user's own links until the link that is a pointer, so that writing never replaces the user's link."""
    for _ in range(40):
        if not path.is_symlink():
            break
        target = path.parent / os.readlink(path)
        if target.parent.name == "snapshots":
            break
        path = Path(os.path.abspath(target))
    return path


def _folder_of(pointer: Path) -> Path:
    """Return the folder of the store whose snapshot a pointer names."""
    return pointer.parent / Path(os.readlink(pointer)).parent.parent
