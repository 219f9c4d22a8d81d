"""Files that strangers might send, made from a grammar: DuckDB files, exported folders, and whole stores.

Every file is a sound one with one to three attacks on it. What an attack would reach lies in a folder of its own, with
a secret to read and a place to write to.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import store
from store import digests, packs
from store.quoting import identifier, literal
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
        from store.connect import open
        from store.export import export

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


GRID_OF_A_STRANGER = """
[[study]]
kind = "training"
network = "tests.store.hostile_files:detonate"
dataset = "own(folder='/etc')"
"""
FUNCTIONS = ("getenv('HOME')", "random()", "error('x')", "current_setting('temp_directory')", "txid_current()")
# What another program may leave beside a file instead of writing it there.
LOGS = {
    "log": "UPDATE layers SET std = 7",
    "log with a macro": "CREATE MACRO avg(x) AS 3",
    "log with a view": "CREATE OR REPLACE VIEW signal_rates AS SELECT content FROM read_text('/etc/hostname')",
}


class Grammar:
    """Attacks, drawn by a seed.

    Args:
        world: what they aim at.
        seed: of every choice.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)

    def name(self) -> str:
        """A name of a table, view or column that ends the statement it stands in, or more than the folder it is in."""
        out = self.world.outside / f"name{self.random.randrange(10**6)}.csv"
        copy = f"COPY (SELECT 1) TO {literal(out)}"
        return self.random.choice(
            [
                f'x"; {copy}; SELECT "1',
                f"x'; {copy}; SELECT '1",
                f'x" FROM range(1); {copy}; --',
                f"$$; {copy}; $$",
                os.path.relpath(out.with_suffix(""), self.world.folder / "exports" / "x"),
                str(out.with_suffix("")),
                f"../{'../' * self.random.randrange(4)}outside/up",
                f"{ESCAPE}\x1b[2J\u202egnp\n\r\t\x9b31m",
                "cells\x00",
                "[red]x[/] :boom: [link=http://127.0.0.1:1/]y[/link]",
                "![x](http://127.0.0.1:1/x.png)<img src=http://127.0.0.1:1/>",
                "\u2066\u202d\u200fcells\u2069\u2028\ufeff",
                '"".""."x"; --\n/*',
                "C:\\..\\nul\\x",
                "\U0001f600\u0301" * 50,
                "x" * 3000,
                "",
            ]
        )

    def reading(self) -> str:
        """SQL for rows that come from elsewhere."""
        there = literal(self.world.secret)
        return self.random.choice(
            [
                f"SELECT content FROM read_text({there})",
                f"SELECT * FROM read_csv({there}, header = false)",
                f"SELECT * FROM read_blob({there})",
                f"SELECT * FROM glob({literal(self.world.outside / '*')})",
                f"SELECT * FROM {identifier(str(self.world.outside / 'there.csv'))}",
                f"SELECT * FROM read_parquet({literal(self.world.outside / 'there.parquet')})",
                f"FROM query('FROM read_text({there.replace(chr(39), chr(39) * 2)})')",
                "SELECT path FROM duckdb_databases()",
                "SELECT value FROM duckdb_settings()",
                "SELECT getenv('HOME')",
                "SELECT * FROM read_text('http://127.0.0.1:1/x')",
                "SELECT path, layout FROM range(1)",
            ]
        )

    def columns(self, table: str) -> str:
        """The columns of a table, each the text that `reading` gives."""
        with duckdb.connect(str(self.world.sound.resolve()), read_only=True) as connection:
            described = connection.execute(f"DESCRIBE {table}").fetchall()
        return ", ".join(
            f"TRY_CAST(any_value(it)::VARCHAR AS {kind}) AS {identifier(name)}" for name, kind, *_ in described
        )

    def column(self, table: str) -> str:
        """A column of a table."""
        with duckdb.connect(str(self.world.sound.resolve()), read_only=True) as connection:
            return identifier(self.random.choice(connection.execute(f"DESCRIBE {table}").fetchall())[0])

    def spec(self) -> str:
        """A spec that would have functions called, folders looked into, or all memory taken."""
        function, out = "tests.store.hostile_files:detonate", str(self.world.outside)
        parts: dict[str, object] = self.random.choice(
            [
                {"study": "backbone_transfer", "network": {"name": "backbone", "factory": function, "weights": "0"}},
                {"study": "transfer", "network": function},
                {"study": "training", "dataset": {"name": "own", "folder": out}},
                {"study": "training", "dataset": f"own(folder={out!r})"},
                {"study": "training", "init": {"name": "normal", "plugin": f"{out}/plugin.py"}},
                {"study": "training", "activation": f"{function}()"},
                {"study": "propagation", "width": 10**12, "depth": 10**9},
                {"study": "../../outside", "seed": "\x00"},
                {"study": {"study": "training"}},
                {"study": "training", "init": [[[[]]]]},
            ]
        )
        usual: dict[str, object] = {
            "network": "mlp",
            "init": "xavier",
            "activation": "tanh",
            "norm": "none",
            "depth": 2,
            "width": 8,
        }
        text = json.dumps(usual | {"batch_size": 4, "seed": 0, "lr": 0.1, "steps": 2} | parts)
        return "[" * 5000 if self.random.random() < 0.1 else text

    def attack(self) -> Callable[[duckdb.DuckDBPyConnection], None]:
        """One attack on a DuckDB file."""
        table = self.random.choice(["runs", "cells", "layers", "metrics", "schemes", "thresholds", "schema_steps"])
        view = self.random.choice(["signal_rates", "outcomes", "axes", "histograms"])
        function = self.random.choice(
            [
                "avg",
                "count",
                "hash",
                "sum",
                "isfinite",
                "sha256",
                "list_contains",
                "duckdb_tables",
                "any_value",
                "range",
            ]
        )
        name, number = self.name(), self.random.randrange(1, 9)
        spec = self.spec()
        statements = {
            "default": lambda: (
                f"ALTER TABLE {table} ALTER {self.column(table)} SET DEFAULT {self.random.choice(FUNCTIONS)}"
            ),
            "default of a sequence": lambda: (
                f"CREATE SEQUENCE drawn; ALTER TABLE {table} ALTER {self.column(table)} SET DEFAULT nextval('drawn')"
            ),
            "generated column of a table": lambda: (
                f"CREATE TABLE was AS FROM {table}; DROP TABLE {table}; CREATE TABLE {table} "
                f"(cell_id VARCHAR GENERATED ALWAYS AS (getenv('HOME')), run_id VARCHAR)"
            ),
            "constraint": lambda: (
                "CREATE TABLE held (a INTEGER CHECK (a < length(current_setting('temp_directory')::VARCHAR)))"
            ),
            "type of a column": lambda: (
                f"CREATE TYPE {identifier(name or 'x')} AS ENUM ('done', {literal(ESCAPE)}); ALTER TABLE cells "
                f"ALTER status TYPE {identifier(name or 'x')} USING 'done'"
            ),
            "view of another database": lambda: (
                f"ATTACH {literal(self.world.outside / 'there.duckdb')} AS there (READ_ONLY); "
                f"CREATE OR REPLACE VIEW {view} AS FROM there.main.secrets"
            ),
            "view of another file": lambda: (
                f"CREATE OR REPLACE VIEW {view} AS FROM {identifier(str(self.world.outside / 'there.duckdb'))}"
            ),
            "spec with its id": lambda: (
                f"UPDATE cells SET spec = {literal(spec)}, cell_id = {literal(sha256(spec.encode()).hexdigest()[:16])} "
                "WHERE rowid = 2"
            ),
            "grid": lambda: f"UPDATE runs SET grid_text = {literal(GRID_OF_A_STRANGER)}, grid = '../../etc/passwd'",
            "table named": lambda: f"CREATE TABLE {identifier(name)} AS SELECT 1 AS a",
            "view named": lambda: f"CREATE VIEW {identifier(name)} AS SELECT 1 AS a",
            "column named": lambda: f"ALTER TABLE {table} ADD COLUMN {identifier(name)} INTEGER",
            "column of a table": lambda: f"CREATE TABLE extra AS SELECT 1 AS {identifier(name or 'x')}",
            "schema named": lambda: f"CREATE SCHEMA {identifier(name)}",
            "table in a schema": lambda: "CREATE SCHEMA other; CREATE TABLE other.cells AS FROM main.cells",
            "macro": lambda: f"CREATE MACRO {identifier(function)}(x) AS {number}",
            "macro of two": lambda: f"CREATE MACRO {identifier(function)}(x, y) AS {number}",
            "table macro": lambda: f"CREATE MACRO {identifier(function)}(x) AS TABLE {self.reading()}",
            "table macro alone": lambda: f"CREATE MACRO {identifier(function)}() AS TABLE SELECT 1 AS x WHERE false",
            "operator": lambda: f'CREATE MACRO "{self.random.choice(["+", "==", "<>", "~~"])}"(x, y) AS true',
            "type": lambda: "CREATE TYPE seed AS ENUM ('0', '1')",
            "sequence": lambda: "CREATE SEQUENCE numbers",
            "trigger": lambda: (
                f"CREATE TRIGGER act AFTER INSERT ON {table} FOR EACH STATEMENT INSERT INTO noted VALUES (1)"
            ),
            "table as view": lambda: (
                f"ALTER TABLE {table} RENAME TO was; CREATE VIEW {table} AS "
                f"SELECT {self.columns(table)} FROM ({self.reading()}) AS t(it) GROUP BY ALL"
            ),
            "view anew": lambda: f"CREATE OR REPLACE VIEW {view} AS {self.reading()}",
            "view as table": lambda: f"DROP VIEW {view}; CREATE TABLE {view} AS SELECT 1 AS cell_id",
            "endless view": lambda: (
                "CREATE VIEW endless AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) "
                "SELECT count(*) AS n FROM t"
            ),
            "no table": lambda: f"DROP TABLE {table}",
            "other type": lambda: f"CREATE OR REPLACE TABLE {table} AS SELECT {{'a': 1}} AS cell_id, [1] AS step",
            "collation": lambda: "ALTER TABLE cells ALTER cell_id TYPE VARCHAR COLLATE NOCASE",
            "spec": lambda: f"UPDATE cells SET spec = '{{\"a\":{number}}}' WHERE rowid = 0",
            "identity": lambda: f"UPDATE cells SET cell_id = {literal(name)} WHERE rowid = 0",
            "spec that names": lambda: (
                'UPDATE cells SET spec = \'{"study":"backbone_transfer","network":{"name":"backbone",'
                '"factory":"os:abort","weights":"0"}}\' WHERE rowid = 1'
            ),
            "text": lambda: (
                f"UPDATE runs SET host = {literal(name)}, grid = {literal(ESCAPE)}, command = {literal(name)}"
            ),
            "error": lambda: f"UPDATE cells SET status = 'failed', error = {literal(ESCAPE + name)}",
            "text of axes": lambda: f"UPDATE cells SET init = {literal(name)}",
            "labels": lambda: f"UPDATE metrics SET label = {literal(name)}, unit = {literal(ESCAPE)}",
            "comment": lambda: f"COMMENT ON TABLE cells IS {literal(ESCAPE + name)}",
            "entry": lambda: (
                f"INSERT INTO journal_entries VALUES ({literal('../../outside/' + name)}, now()::TIMESTAMP)"
            ),
            "step": lambda: f"INSERT INTO schema_steps VALUES ({number}, {literal(name)}, now()::TIMESTAMP)",
            "generated": lambda: "CREATE TABLE made (a INTEGER, b INTEGER GENERATED ALWAYS AS (a + 1))",
            "index": lambda: "CREATE INDEX wrong ON cells (cell_id)",
        }
        kind = self.random.choice([*statements, *LOGS])

        def act(connection: duckdb.DuckDBPyConnection) -> None:
            if kind in LOGS:
                connection.execute("SET wal_autocheckpoint = '1TB'; PRAGMA disable_checkpoint_on_shutdown")
                connection.execute(LOGS[kind])
                return
            if kind == "trigger":
                connection.execute("CREATE TABLE noted (n INTEGER)")
            connection.execute(statements[kind]())

        act.__name__ = kind
        return act


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
