"""The command line in real processes: results on stdout, messages on stderr, exit codes, never a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.__main__ import app
from goldilocks.store.checks.check import checks
from tests import breadth, warm
from tests.store.builder import believable, write

ROOT = Path(__file__).parents[2]


def run(*arguments: object, **options) -> subprocess.CompletedProcess:
    """Runs `goldilocks store` with the store's path in the environment, if one is given as `layout`."""
    layout = options.pop("layout", None)
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"GOLDILOCKS_STORE": str(layout.path)} if layout else {})
    return warm.run("store", *arguments, env=environment, **options)


def succeeded(*arguments: object, **options) -> bytes:
    finished = run(*arguments, **options)
    assert (finished.returncode, finished.stderr) == (0, b"")
    return finished.stdout


def test_info_says_what_is_inside(layout):
    text = succeeded("info", "--store", layout.path).decode()
    for part in (str(layout.path), "snapshot 000001", "no writer", "signal_rates", "176", "20260101-000000-test"):
        assert part in text


def test_check_has_a_line_per_invariant_and_fails_on_the_first_broken_one(own, damage):
    text = succeeded("check", layout=own).decode()
    assert text.count("ok ") == len(text.splitlines()) == 1 + len(checks())
    damage("DELETE FROM runs")
    broken = run("check", layout=own)
    assert broken.returncode == 1
    assert broken.stdout.decode().splitlines()[-1].startswith("BROKEN no_orphans")


def test_check_repairs_when_it_is_asked_to(own, contents):
    before = contents(own)
    write(own.path, believable(1, 1, first_seed=80))
    lost = journal.entries(own)[0]
    shutil.rmtree(lost.path)
    (journal.entries(own)[0].path / "curves.parquet").write_bytes(b"PAR1")
    assert run("check", layout=own).returncode == 1
    text = succeeded("check", "--repair", layout=own).decode()
    assert "repair journal entry 000002-test is damaged and was moved to" in text
    assert "repair 34 cells that the journal had lost were recovered from the snapshot 000002.duckdb" in text
    assert all(set(rows) <= set(contents(own)[name]) for name, rows in before.items() if name != "journal_entries")
    assert succeeded("check", layout=own).decode().count("BROKEN") == 0
    assert (own.damaged / "000002-test").is_dir()


def test_publish_adds_what_waits(own):
    write(own.path, believable(2, 2, first_seed=80), published=False)
    assert succeeded("publish", layout=own).decode() == "snapshot 000002: 1 journal entries added, 36 cells\n"
    assert succeeded("publish", layout=own).decode() == "nothing to publish\n"


def test_publish_names_an_entry_it_skips(own):
    write(own.path, believable(2, 2, first_seed=80), published=False)
    (own.journal / "000002-test" / "layers.parquet").write_bytes(b"PAR1")
    finished = run("publish", layout=own)
    assert finished.returncode == 1
    assert b"warning: journal entry" in finished.stderr
    assert b"000002-test is skipped: layers.parquet is not as it was written" in finished.stderr


@pytest.mark.essential("the command, its files and their types together")
def test_export_writes_every_table_without_loss(layout, tmp_path):
    files = succeeded("export", tmp_path / "out", layout=layout).decode().split()
    with store.open(layout) as opened:
        names = {one.name for one in opened.relations() if one.kind == "table"}
        assert {Path(file).stem for file in files} == names
        for file in files:
            name, pattern = Path(file).stem, f"{file}/**/*.parquet" if Path(file).is_dir() else file
            columns = opened.query(f"SELECT * FROM {name} LIMIT 0").columns
            written = duckdb.sql(f"SELECT {', '.join(columns)} FROM '{pattern}'").fetchall()
            held = opened.query(f"SELECT * FROM {name}").fetchall()
            assert sorted(map(repr, written)) == sorted(map(repr, held)), name
    again = run("export", tmp_path / "out", layout=layout)
    assert again.returncode == 2
    assert b"exists already" in again.stderr
    succeeded("export", tmp_path / "out", "--overwrite", layout=layout)
    succeeded("export", tmp_path / "out", "--overwrite", "--format", "csv", layout=layout)
    assert "nan" in (tmp_path / "out" / "curves.csv").read_text()


SQL = (
    "SELECT 1 AS i, 'nan'::FLOAT AS n, 'inf'::DOUBLE AS p, '-inf'::FLOAT AS m, NULL AS z, 0.492::FLOAT AS f, "
    "[1, 2] AS l, 'a,\"b' AS s, sum(2) AS h, TIMESTAMP '2026-01-02 03:04:05' AS t"
)


def test_query_writes_a_table(layout):
    header, _, row = succeeded("query", SQL, layout=layout).decode().splitlines()
    assert header.split() == list("inpmzflsht")
    assert row.split("   ")[0].strip() == "1"
    for part in ("nan", "inf", "NULL", "0.492", "[1, 2]"):
        assert part in row


def test_query_writes_csv_and_json_and_parquet(layout, tmp_path):
    header, row = csv.reader(io.StringIO(succeeded("query", SQL, "--format", "csv", layout=layout).decode()))
    assert header == list("inpmzflsht")
    assert row == ["1", "nan", "inf", "-inf", "", "0.492", "[1, 2]", 'a,"b', "2", "2026-01-02 03:04:05"]

    (found,) = json.loads(succeeded("query", "-", "--format", "json", layout=layout, input=SQL.encode()))
    assert found["n"] == "NaN"
    assert (found["p"], found["m"], found["z"], found["f"]) == ("Infinity", "-Infinity", None, 0.492)
    assert (found["l"], found["h"], found["t"]) == ([1, 2], 2, "2026-01-02 03:04:05")

    file = tmp_path / "rows.parquet"
    succeeded("query", "SELECT * FROM curves", "--format", "parquet", "--output", file, layout=layout)
    assert pq.read_table(file).num_rows == 176
    piped = succeeded("query", "SELECT * FROM curves", "--format", "parquet", layout=layout)
    assert piped == file.read_bytes()


def test_query_runs_a_named_query_with_values(layout):
    arguments = ("query", "--name", "steps_to_target", "-p", "target=0.5", "--format", "json")
    rows = json.loads(succeeded(*arguments, layout=layout))
    with store.open(layout) as opened:
        expected = opened.steps_to_target(target=0.5)
        found = [tuple(row.values()) for row in rows]
        assert found == expected.fetchall()
    bound = succeeded("query", "SELECT count(*) AS n FROM cells WHERE init = $init", "-p", "init=xavier", layout=layout)
    assert bound.decode().split()[-1] == "8"


WRONG = [
    ([], 2, "Usage"),
    (["frobnicate"], 2, "No such command"),
    (["query"], 2, "needs either SQL or --name"),
    (["query", "SELECT 1", "--name", "coverage"], 2, "needs either SQL or --name"),
    (["query", "SELEC 1"], 2, "syntax error"),
    (["query", "SELECT * FROM signal_rate"], 2, "Did you mean"),
    (["query", "DELETE FROM cells"], 2, "read-only"),
    (["query", "SELECT 'x'::INTEGER"], 2, "Conversion Error"),
    (["query", "--name", "std_by_leyer"], 2, "did you mean 'std_by_layer'?"),
    (["query", "--name", "coverage", "-p", "x"], 2, "KEY=VALUE"),
    (["query", "--name", "steps_to_target", "-p", "target=high"], 2, "not of type DOUBLE"),
    (["query", "SELECT 1", "--format", "xml"], 2, "'table', 'csv', 'json', 'parquet'"),
    (["query", "SELECT 1", "--output", "/nonexistent/file"], 1, "No such file"),
    (["export", "/proc/nothing"], 2, "cannot be created"),
    (["info", "--store", "/nonexistent/grid.duckdb"], 2, "make grid"),
    (["check", "--store", "/nonexistent/grid.duckdb"], 2, "make grid"),
    (["publish", "--store", "/nonexistent/grid.duckdb"], 2, "goldilocks run"),
    (["info", "--store", "/tmp"], 2, "is a folder"),
]


@pytest.mark.parametrize(("arguments", "code", "part"), WRONG, ids=[" ".join(case[0]) or "nothing" for case in WRONG])
def test_wrong_requests_are_refused_with_a_sentence(layout, arguments, code, part):
    finished = CliRunner().invoke(app, arguments, env={"GOLDILOCKS_STORE": str(layout.path)})
    assert finished.exit_code == code, finished.output
    assert part in finished.output
    assert isinstance(finished.exception, SystemExit)


@pytest.mark.parametrize(("arguments", "code", "part"), breadth.few([WRONG[4], WRONG[11], WRONG[12], WRONG[14]], 1))
def test_a_process_shows_no_traceback_either(layout, arguments, code, part):
    finished = run(*arguments, layout=layout)
    assert finished.returncode == code
    assert finished.stdout == b""
    assert part in finished.stderr.decode()
    assert b"Traceback" not in finished.stderr


def test_a_reader_that_stops_early_sees_no_complaint(layout):
    command = f"{sys.executable} -m store query 'SELECT * FROM histograms, range(300)' --format csv | head -n 1"
    environment = os.environ | {"GOLDILOCKS_STORE": str(layout.path), "PYTHONPATH": str(ROOT)}
    finished = subprocess.run(command, shell=True, capture_output=True, env=environment, check=False)
    assert finished.stdout.startswith(b"cell_id,")
    assert finished.stderr == b""
