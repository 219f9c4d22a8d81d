"""Files of strangers: what no store has is refused by name, and a campaign from a grammar reaches nothing."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldilocks import store
from goldilocks.store.command_line.printable import printable
from goldilocks.store.exchange import merge, output
from goldilocks.store.schema.admission import refuse_strange
from tests import breadth
from tests.store import hostility
from tests.store.builder import Batch, believable, write
from tests.store.test_command_line import run

# A file, a folder and a whole store; many more are in `make faults`.
FIRST_SEED, TRIALS = 1_002, 3
# SQL that puts something into a file, and what the refusal says of it.
STRANGE = [
    ("CREATE MACRO avg(x) AS 3", "the macro 'avg'"),
    ("CREATE MACRO duckdb_functions() AS TABLE SELECT 1 AS x WHERE false", "the macro 'duckdb_functions'"),
    ("CREATE MACRO hash(x) AS 1::UBIGINT", "the macro 'hash'"),
    ("CREATE TYPE verdict AS ENUM ('just right')", "the type 'verdict'"),
    ("CREATE SEQUENCE numbers", "the sequence 'numbers'"),
    ("CREATE SCHEMA other", "the schema 'other'"),
    ("CREATE VIEW mine AS SELECT 1 AS one", "'mine' is a view that no store has"),
    ('CREATE VIEW "duckdb_tables" AS SELECT 1 AS one', "'duckdb_tables' is a view"),
    ("ALTER TABLE runs RENAME TO r; CREATE VIEW runs AS FROM r", "'runs' is a view where a table is required"),
    ("ALTER TABLE curves RENAME TO c; CREATE VIEW curves AS FROM c", "'curves' is a view where a table is required"),
    ("ALTER TABLE schema_steps RENAME TO s; CREATE VIEW schema_steps AS FROM s", "its schema_steps is not the table"),
    ("DROP VIEW axes; CREATE TABLE axes AS SELECT 1 AS one", "'axes' is a table where a view is required"),
    ("ALTER TABLE runs ADD COLUMN more INTEGER", "'runs' has the unknown column 'more'"),
    ("ALTER TABLE runs ALTER host TYPE INTEGER USING 1", "runs.host is INTEGER; VARCHAR is required"),
    ("ALTER TABLE runs ALTER host SET DEFAULT 'x'", "runs.host is VARCHAR with the default"),
    ("ALTER TABLE layers ALTER std TYPE STRUCT(a FLOAT) USING {'a': std}", "layers.std is STRUCT"),
]


@pytest.fixture
def foreign(own, damage):
    """What makes a file of a sound store, changed by SQL."""

    def make(sql):
        damage(sql)
        return own.resolve()

    return make


@pytest.fixture(scope="module")
def attached(layout, tmp_path_factory):
    """A connection in which a copy of the snapshot is attached as `grid`."""
    file = tmp_path_factory.mktemp("copy") / "grid.duckdb"
    shutil.copyfile(layout.resolve(), file)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{file}' AS grid")
        yield connection


@pytest.fixture
def changeable(attached):
    """The same; what is changed is put right again."""
    attached.execute("BEGIN; USE grid")
    yield attached
    attached.execute("ROLLBACK; USE memory")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A store without cells, which is not to be changed."""
    return write(tmp_path_factory.mktemp("here") / "here.duckdb", Batch().run("here"))


@pytest.mark.parametrize(("sql", "reason"), STRANGE, ids=[reason for _, reason in STRANGE])
def test_what_no_store_has_is_refused_by_name(changeable, tmp_path, sql, reason):
    changeable.execute(f"{sql}; USE memory")
    with pytest.raises(store.StoreInvalid, match="is refused") as refusal:
        refuse_strange(changeable, "grid", tmp_path)
    assert reason in str(refusal.value)


@pytest.mark.parametrize(("sql", "reason"), breadth.few(STRANGE, 3), ids=[reason for _, reason in STRANGE])
def test_whoever_opens_a_file_refuses_what_no_store_has(foreign, here, sql, reason):
    file, before = foreign(sql), here.resolve()
    for opening in (store.open, store.sandboxed, lambda file: merge.merge(here, file)):
        with pytest.raises(store.StoreInvalid, match="is refused") as refusal:
            opening(file)
        assert reason in str(refusal.value)
    assert here.resolve() == before


def test_a_trigger_is_refused_by_name(tmp_path):
    """Files have them from version 2 of the format on."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'new.duckdb'}' AS new (STORAGE_VERSION 'v2.0.0')")
        connection.execute("CREATE TABLE new.cells (cell_id VARCHAR); CREATE TABLE new.noted (n INTEGER)")
        connection.execute(
            "CREATE TRIGGER act AFTER INSERT ON new.cells FOR EACH STATEMENT INSERT INTO new.noted VALUES (1)"
        )
        with pytest.raises(store.StoreInvalid, match="the trigger 'act'"):
            refuse_strange(connection, "new", tmp_path)


def test_each_schema_of_the_past_is_admitted(tmp_path):
    """Also what the code of another day made of views and of tables of a user's own."""
    from tests.store.test_migrations import unpacked

    for number in range(1, 6):
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{unpacked(number, tmp_path / str(number)).resolve()}' AS old (READ_ONLY)")
            assert refuse_strange(connection, "old", tmp_path) == set(range(1, number + 1))


NOWHERE = "/etc/passwd"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT * FROM read_text('{NOWHERE}')",
        f"SELECT * FROM '{NOWHERE}'",
        "COPY (SELECT 1) TO '/tmp/goldilocks-stolen.csv'",
        "ATTACH '/tmp/goldilocks-stolen.duckdb' AS other",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "LOAD httpfs",
        "SELECT * FROM values",
    ],
)
def test_a_handle_reaches_its_own_file_only(layout, sql):
    with store.open(layout) as opened, pytest.raises(duckdb.Error):
        opened.query(sql).fetchall()
    with store.open(layout) as opened, opened.cursor() as cursor, pytest.raises(duckdb.Error):
        cursor.execute(sql).fetchall()


@pytest.mark.essential("a stranger's file may not read")
def test_a_view_that_reads_elsewhere_shows_nothing(foreign):
    """Views of the usual names may be of another version of the code; what they reach is the file."""
    file = foreign(f"CREATE OR REPLACE VIEW signal_rates AS SELECT content FROM read_text('{NOWHERE}')")
    for words in (("info",), ("query", "FROM signal_rates"), ("export", file.parent / "out")):
        done = run(*words, "--store", file)
        assert b"root:" not in done.stdout + done.stderr
        assert b"Traceback" not in done.stderr


def test_cells_whose_id_is_not_that_of_their_spec_are_listed(foreign, here):
    file = foreign("UPDATE cells SET cell_id = 'zz' || left(cell_id, 14) WHERE study = 'training' AND seed = 0")
    with duckdb.connect(str(file), read_only=True) as connection:
        wrong = [one for (one,) in connection.execute("SELECT cell_id FROM cells WHERE cell_id LIKE 'zz%'").fetchall()]
    with pytest.raises(store.StoreInvalid, match="does not match their spec") as refusal:
        merge.merge(here, file)
    assert all(repr(cell_id) in str(refusal.value) for cell_id in wrong[: merge.MOST_LISTED])
    with store.open(here) as opened:
        assert opened.query("SELECT count(*) FROM cells").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("sql", "invariant"),
    breadth.few(
        [
            ("UPDATE layers SET frac_zero = 7", "shares_in_range"),
            ("INSERT INTO runs FROM runs", "unique_rows"),
            ("UPDATE cells SET depth = depth + 1", "axes_match_spec"),
            ("UPDATE runs SET status = 'blessed'", "known_values"),
        ],
        1,
    ),
)
def test_a_source_that_breaks_an_invariant_gives_nothing(foreign, here, sql, invariant):
    with pytest.raises(store.StoreInvalid, match=invariant):
        merge.merge(here, foreign(sql))
    with store.open(here) as opened:
        assert opened.query("SELECT count(*) FROM cells").fetchall() == [(0,)]


def test_an_export_stays_in_its_folder(foreign, tmp_path):
    file = foreign('CREATE TABLE "../up" AS SELECT 1 AS one')
    done = run("export", tmp_path / "deep" / "out", "--store", file)
    assert done.returncode == 2
    assert b"cannot be the name of a file" in done.stderr
    assert not list((tmp_path / "deep").rglob("*.parquet"))


@pytest.mark.parametrize("label", ["lock", "writer.json", "journal", "snapshots", "damaged"])
def test_a_link_in_a_store_leads_nowhere(own, tmp_path, label):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".unfinished-mine").write_text("mine")
    place = own.folder / label
    if place.is_dir():
        place.rename(tmp_path / "aside")
    place.unlink(missing_ok=True)
    place.symlink_to(outside if label in ("journal", "snapshots", "damaged") else outside / ".unfinished-mine")
    run("info", layout=own)
    done = run("publish", layout=own)
    assert done.returncode == 2
    assert b"symbolic link" in done.stderr
    assert [one.name for one in outside.iterdir()] == [".unfinished-mine"]
    assert (outside / ".unfinished-mine").read_text() == "mine"


ENDINGS = "\x1b[31m\x1b]0;title\x07\x9b2J\u202e\u2066\u200b\u2028\x00\x7f\r"


def test_what_commands_a_terminal_is_shown(foreign):
    sql = f"UPDATE runs SET grid = 'a{ENDINGS}b', host = '{ENDINGS}'; COMMENT ON TABLE runs IS 'c{ENDINGS}d'"
    file = foreign(sql.replace("\x00", ""))
    for words in (("info",), ("query", "SELECT grid, host FROM runs"), ("query", f'SELECT 1 AS "{ENDINGS[:5]}"')):
        shown = run(*words, "--store", file).stdout.decode()
        assert "\\x1b[31m" in shown
        assert not set(shown) & set(ENDINGS) - set("[31m]0;title2J")


def test_printable_text_stays_as_it_is():
    assert printable("σ_w² = 2 — naïve, 日本語 😀") == "σ_w² = 2 — naïve, 日本語 😀"
    assert printable("a\nb", "\n") == "a\nb"
    assert printable("a\nb\t\x1b") == "a\\nb\\t\\x1b"
    drawn = io.BytesIO()
    output.table(duckdb.sql("SELECT 'b' || chr(10) || 'c' AS \"a\x1b\""), drawn)
    words = drawn.getvalue().decode().split()
    assert (words[0], words[-1]) == ("a\\x1b", "b\\nc")


@pytest.mark.essential("what nobody thought of is tried here")
def test_a_campaign_reaches_nothing(tmp_path):
    problems, tried = hostility.campaign(TRIALS, FIRST_SEED, tmp_path)
    print(f"seeds {FIRST_SEED} to {FIRST_SEED + TRIALS - 1}")
    assert not problems
    assert len(tried) > TRIALS / 2


@pytest.fixture(scope="module")
def tables(layout, tmp_path_factory):
    from goldilocks.store.exchange.export import export

    folder = tmp_path_factory.mktemp("tables") / "tables"
    with store.open(layout) as opened:
        export(opened, folder)
    return folder


@pytest.fixture
def exported(tables, tmp_path):
    """An export, to be changed."""
    return Path(shutil.copytree(tables, tmp_path / "tables"))


def strange_column(folder, kind):
    rows = pq.read_table(folder / "runs.parquet")
    place = rows.column_names.index("host")
    pq.write_table(rows.set_column(place, "host", pa.array([kind] * rows.num_rows)), folder / "runs.parquet")


FOLDERS = {
    "neither links": lambda folder: (
        (folder / "runs.parquet").rename(folder.parent / "r"),
        (folder / "runs.parquet").symlink_to(folder.parent / "r"),
    ),
    "and no link": lambda folder: (
        (folder / "curves").rename(folder.parent / "c"),
        (folder / "curves").symlink_to(folder.parent / "c"),
    ),
    "only folders study=": lambda folder: shutil.copytree(folder / "cells", folder / "cells" / "cell_id=x"),
    "runs.host is STRUCT": lambda folder: strange_column(folder, {"a": 1}),
    "runs.host is BLOB": lambda folder: strange_column(folder, b"\xff"),
    "runs.host is VARCHAR[]": lambda folder: strange_column(folder, ["a"]),
}


@pytest.mark.parametrize("reason", FOLDERS)
def test_a_folder_that_no_export_wrote_is_refused(exported, here, reason):
    FOLDERS[reason](exported)
    with pytest.raises(store.StoreInvalid) as refusal:
        merge.merge(here, exported)
    assert reason in str(refusal.value)


@pytest.mark.essential("a stranger's file may not read")
def test_names_that_are_patterns_match_nothing_else(exported, tmp_path):
    odd = tmp_path / "a[b]*{c}"
    exported.rename(odd)
    (tmp_path / "ab").mkdir()
    merged = merge.merge(write(tmp_path / "here.duckdb", believable(1, 1)), odd)
    assert merged.added + merged.known == 32
