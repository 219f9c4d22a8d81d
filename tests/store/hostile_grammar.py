"""Attacks on a DuckDB file, drawn by a seed: names, views, macros, types and texts that reach for something."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from hashlib import sha256

import duckdb

from goldilocks.store.quoting import identifier, literal
from tests.store.hostile_world import ESCAPE, World

GRID_OF_A_STRANGER = """
[[study]]
kind = "training"
network = "tests.store.hostile_world:detonate"
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
        function, out = "tests.store.hostile_world:detonate", str(self.world.outside)
        parts: dict[str, object] = self.random.choice(
            [
                {"study": "backbone_transfer", "network": {"name": "backbone", "factory": function, "weights": "0"}},
                {"study": "transfer", "network": function},
                {"study": "diagnosis", "network": function, "dataset": function, "loss": function},
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
