"""Files that strangers might send, each a sound one with attacks on it: DuckDB files, exported folders, stores."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from goldilocks.store.files import digests
from goldilocks.store.writing import packs
from tests.store.builder import believable, write
from tests.store.hostile_grammar import Grammar
from tests.store.hostile_world import ESCAPE, World


def hostile_file(world: World, seed: int) -> tuple[Path, list[str]]:
    """Make a DuckDB file with attacks on it; return it and what they are called."""
    grammar = Grammar(world, seed)
    file = world.folder / f"hostile-{seed}.duckdb"
    shutil.copyfile(world.sound.resolve(), file)
    file.chmod(0o644)
    names = []
    for _ in range(grammar.random.randrange(1, 4)):
        attack = grammar.attack()
        with duckdb.connect(str(file)) as connection:
            try:
                attack(connection)
            except duckdb.Error:
                # Not every sentence of the grammar is SQL.
                continue
        names.append(attack.__name__)
    return file, names


def hostile_folder(world: World, seed: int) -> tuple[Path, list[str]]:
    """Make a folder like an export, with an attack on it."""
    grammar = Grammar(world, seed)
    folder = world.folder / f"folder-{seed}"
    shutil.copytree(world.exported, folder)
    files = sorted(folder.rglob("*.parquet"))
    victim, there = grammar.random.choice(files), world.outside / "there.parquet"
    schema = pq.read_schema(victim)
    rows = pq.read_table(victim)

    def link_file() -> None:
        victim.unlink()
        victim.symlink_to(there)

    def link_folder() -> None:
        shutil.rmtree(folder / "cells")
        (folder / "cells").symlink_to(world.outside)

    def nested() -> None:
        strange = pa.array([{"a": [1]}] * rows.num_rows)
        pq.write_table(rows.set_column(0, schema.names[0], strange), victim)

    def other_type() -> None:
        pq.write_table(rows.set_column(0, schema.names[0], pa.array([[b"\xff"]] * rows.num_rows)), victim)

    def more_columns() -> None:
        pq.write_table(rows.append_column(grammar.name() or "x", pa.array([ESCAPE] * rows.num_rows)), victim)

    def pattern() -> None:
        place = folder / "cells" / "study=*"
        place.mkdir()
        (place / "[a-z]*.parquet").write_bytes(victim.read_bytes())

    def another_partition() -> None:
        shutil.copytree(folder / "cells", folder / "cells" / "cell_id=x")

    def upward() -> None:
        place = folder / "cells" / "study=..%2F..%2Foutside"
        place.mkdir()
        shutil.copyfile(victim, place / f"{ESCAPE[:4]}.parquet")

    def pipe() -> None:
        victim.unlink()
        os.mkfifo(victim)

    def claims() -> None:
        content = bytearray(victim.read_bytes())
        for _ in range(4):
            content[grammar.random.randrange(len(content) // 2, len(content))] = grammar.random.randrange(256)
        victim.write_bytes(content)

    def cut() -> None:
        victim.write_bytes(victim.read_bytes()[: -grammar.random.randrange(1, 60)])

    def many_rows() -> None:
        pq.write_table(pa.concat_tables([rows] * 40), victim)

    def text() -> None:
        runs = pq.read_table(folder / "runs.parquet")
        for name in ("host", "grid", "command"):
            place = runs.schema.get_field_index(name)
            runs = runs.set_column(place, name, pa.array([ESCAPE + grammar.name()] * runs.num_rows))
        pq.write_table(runs, folder / "runs.parquet")

    def encoded() -> None:
        dictionary = rows.column(0).combine_chunks().dictionary_encode()
        pq.write_table(rows.set_column(0, schema.names[0], dictionary), victim)

    def metadata() -> None:
        pq.write_table(rows.replace_schema_metadata({ESCAPE: grammar.name(), "pandas": "{" * 3000}), victim)

    def names() -> None:
        victim.rename(victim.with_name(f"{ESCAPE[:4]}\u202e.parquet"))

    def twice() -> None:
        columns, names = [*rows.columns, rows.column(0)], [*rows.column_names, rows.column_names[0]]
        pq.write_table(pa.table(columns, names=names), victim)

    attacks = [link_file, link_folder, nested, other_type, more_columns, pattern, another_partition, upward, pipe]
    attack = grammar.random.choice([*attacks, claims, cut, many_rows, text, encoded, metadata, names, twice])
    attack()
    return folder, [attack.__name__]


def hostile_store(world: World, seed: int) -> tuple[Path, list[str]]:
    """Make a whole store, pointer, snapshots and journal, with a link or a text of a stranger in it."""
    grammar = Grammar(world, seed)
    layout = write(world.folder / f"store-{seed}" / "grid.duckdb", believable(1, 1))
    write(layout.path, believable(1, 1, first_seed=5), published=grammar.random.random() < 0.5)
    entry = sorted(layout.journal.iterdir())[-1]
    entry.chmod(0o755)

    def replace(place: Path, target: Path) -> None:
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        place.symlink_to(target)

    def listed(*names: str) -> None:
        shutil.copytree(entry, layout.journal / packs.name(1, 2))
        text = digests.Digests(dict.fromkeys(names, "0" * 64)).text()
        (layout.journal / packs.name(1, 2) / packs.LIST).write_text(text)

    attacks: dict[str, Callable[[], object]] = {
        "lock": lambda: replace(layout.lock_file, world.secret),
        "writer": lambda: replace(layout.writer_file, world.secret),
        "writer text": lambda: layout.writer_file.write_text(json.dumps({"pid": ESCAPE, "command": [ESCAPE]})),
        "journal": lambda: replace(layout.journal, world.outside),
        "damaged": lambda: replace(layout.damaged, world.outside),
        "entry": lambda: replace(entry, world.outside),
        "table": lambda: replace(entry / "cells.parquet", world.outside / "there.parquet"),
        "name": lambda: entry.rename(entry.with_name(f"000009-{ESCAPE}")),
        "pack": lambda: replace(layout.journal / packs.name(1, 2), world.outside),
        "list of a pack": lambda: listed(f"000001-{ESCAPE}", "../../outside"),
        "names in a pack": lambda: listed(f"000001-{ESCAPE}", "000002-../../outside/x"),
        "unfinished": lambda: replace(layout.journal / ".unfinished-x", world.outside),
    }
    kind = grammar.random.choice(list(attacks))
    attacks[kind]()
    return layout.path, [kind]
