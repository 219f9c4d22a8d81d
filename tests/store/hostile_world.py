"""Where files of strangers are tried: what they are made from, and a folder that nobody may touch."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from goldilocks import store
from goldilocks.store.quoting import literal
from tests.store.builder import Batch, believable, write

SECRET = "the secret of another file"
# What none of these may reach a terminal as it is.
ESCAPE = "\x1b]0;owned\x07"
# The times at which a function was called that only a file named.
called: list[str] = []


def detonate(*arguments: object, **words: object) -> None:
    """Note that somebody called it."""
    called.append(repr((arguments, words)))


@dataclass(frozen=True)
class World:
    """A folder with what strangers send, and another with what they want.

    Attributes:
        folder: of the test.
        sound: a sound store, to start from.
        exported: the same, exported.
    """

    folder: Path
    sound: store.Layout
    exported: Path

    @property
    def outside(self) -> Path:
        """The folder that nobody may touch."""
        return self.folder / "outside"

    @property
    def secret(self) -> Path:
        """A file that nobody may read."""
        return self.outside / "secret.txt"

    def another_store(self, folder: Path) -> Path:
        """Make a small store in a folder, into which can be merged; return its path."""
        shutil.copytree(self.folder / "here", folder / "here", symlinks=True)
        return folder / "here" / "grid.duckdb"

    @classmethod
    def made(cls, folder: Path) -> World:
        """Make one."""
        from goldilocks.store.exchange.export import export
        from goldilocks.store.reading.connect import open

        sound = write(folder / "sound" / "grid.duckdb", believable(3, 3))
        write(folder / "here" / "grid.duckdb", Batch().run("here"))
        with open(sound) as opened:
            export(opened, folder / "exported")
        world = cls(folder, sound, folder / "exported")
        world.outside.mkdir()
        world.secret.write_text(SECRET)
        (world.outside / "there.csv").write_text("a\n1\n")
        pq.write_table(pa.table({"cell_id": [SECRET]}), world.outside / "there.parquet")
        with duckdb.connect(str(world.outside / "there.duckdb")) as connection:
            connection.execute(f"CREATE TABLE secrets AS SELECT {literal(SECRET)} AS secret")
        return world

    def traces(self) -> dict[str, bytes]:
        """What lies outside, and the working folder, to compare."""
        return {str(file): file.read_bytes() for file in sorted(self.outside.rglob("*")) if file.is_file()}
