"""A snapshot is a pure function of the journal, whichever way it came about."""

from __future__ import annotations

import math
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.files import digests, durable
from goldilocks.store.schema import admission, migrate
from tests.store.builder import Batch, believable, write


def one_cell(learns: float, **axes) -> Batch:
    batch = Batch().run()
    batch.training(learns=learns, **axes)
    return batch


def test_without_a_journal_there_is_nothing_to_publish(tmp_path):
    layout = store.Layout.at(tmp_path / "grid.duckdb")
    assert store.publish(layout) is None
    with pytest.raises(store.StoreMissing, match="make grid"):
        layout.resolve()


def test_publishing_again_does_nothing(own):
    before = own.resolve()
    assert store.publish(own) is None
    assert own.resolve() == before


def test_the_pointer_is_a_relative_link_so_that_a_store_can_move(own, tmp_path):
    assert not own.path.readlink().is_absolute()
    own.path.parent.rename(tmp_path / "moved")
    assert store.open(tmp_path / "moved" / "grid.duckdb").query("SELECT count(*) FROM cells").fetchall() == [(32,)]


def test_nothing_but_snapshots_remains_and_only_the_newest_two(own):
    for seed in range(10, 13):
        write(own.path, believable(1, 1, first_seed=seed))
    assert [file.name for file in sorted(own.snapshots.glob("*.duckdb"))] == ["000003.duckdb", "000004.duckdb"]
    assert len(list(own.snapshots.iterdir())) == 4
    assert own.resolve().name == "000004.duckdb"


@pytest.mark.essential("what publishing promises")
def test_step_by_step_equals_from_scratch(tmp_path, contents):
    batches = [believable(4, 4), believable(4, 4, first_seed=1), one_cell(0.3, init="xavier"), believable(2, 2)]
    together = write(tmp_path / "together.duckdb", *batches)
    one_by_one = store.Layout.at(tmp_path / "one.duckdb")
    for batch in batches:
        write(one_by_one.path, batch)
    assert contents(one_by_one) == contents(together)
    for file in one_by_one.snapshots.iterdir():
        file.unlink()
    store.publish(one_by_one)
    assert contents(one_by_one) == contents(together)


@pytest.mark.essential("what publishing promises")
@pytest.mark.parametrize("at_once", [True, False])
def test_the_last_entry_of_a_cell_replaces_all_of_it(tmp_path, at_once):
    layout = store.Layout.at(tmp_path / "grid.duckdb")
    batches = [one_cell(0.5), one_cell(0.5, seed=1), one_cell(1.0), one_cell(0.2, diverges_at=4)]
    if at_once:
        write(layout.path, *batches)
    else:
        for batch in batches:
            write(layout.path, batch)
    with store.open(layout) as opened:
        assert opened.query("SELECT count(*), count(DISTINCT cell_id) FROM cells").fetchall() == [(2, 2)]
        assert opened.query("SELECT status FROM cells WHERE seed = 0").fetchall() == [("diverged",)]
        points = opened.query("SELECT step, test_accuracy FROM convergence WHERE seed = 0 ORDER BY step").fetchall()
    assert len(points) == 11
    assert all(math.isnan(accuracy) == (step >= 4) for step, accuracy in points)


@pytest.mark.parametrize("at_once", [True, False])
def test_the_last_word_on_a_run_and_a_scheme_counts(tmp_path, at_once):
    layout = store.Layout.at(tmp_path / "grid.duckdb")
    batches = [Batch().run(status=status).scheme(title=status) for status in ("running", "failed", "done")]
    for group in [batches] if at_once else [[batch] for batch in batches]:
        write(layout.path, *group)
    with store.open(layout) as opened:
        assert opened.query("SELECT status FROM runs").fetchall() == [("done",)]
        assert opened.query("SELECT title FROM schemes").fetchall() == [("done",)]


@pytest.mark.essential("resuming rests on it")
def test_done_cells_are_those_with_a_result_published_or_not(tmp_path):
    def of(status: str, seed: int) -> Batch:
        return one_cell(1.0, seed=seed, status=status)

    published = (of("done", 0), of("diverged", 1), of("failed", 2), of("done", 3), of("failed", 4))
    layout = write(tmp_path / "grid.duckdb", *published)
    assert store.done_cells(store.Layout.at(tmp_path / "none.duckdb")) == set()
    assert len(store.done_cells(layout)) == 3
    waiting = (of("failed", 3), of("done", 4), of("done", 5))
    write(layout.path, *waiting, published=False)
    ids = [batch.rows["cells"][0]["cell_id"] for batch in (*published, *waiting)]
    assert store.done_cells(layout) == {ids[0], ids[1], ids[4], ids[7]}
    store.publish(layout)
    assert store.done_cells(layout) == {ids[0], ids[1], ids[4], ids[7]}


def truncate(file) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def scramble(file) -> None:
    content = bytearray(file.read_bytes())
    content[4:-400] = bytes(len(content) - 404)
    file.write_bytes(content)


def foreign_column(file) -> None:
    pq.write_table(pq.read_table(file).append_column("novelty", pa.nulls(pq.read_metadata(file).num_rows)), file)


@pytest.mark.parametrize("spoil", [truncate, scramble, foreign_column])
def test_a_broken_entry_is_named_skipped_and_left(own, spoil):
    write(own.path, believable(2, 2, first_seed=20), believable(2, 2, first_seed=30), published=False)
    broken = journal.entries(own)[1]
    spoil(broken.file("curves"))
    with pytest.warns(store.StoreWarning, match=broken.name):
        snapshot = store.publish(own)
    assert snapshot.entries == 1
    assert broken.path.exists()
    assert store.open(own).query("SELECT count(*) FROM cells").fetchall() == [(36,)]
    with pytest.warns(store.StoreWarning, match=broken.name):
        assert store.publish(own) is None


def test_an_entry_of_an_older_schema_has_null_where_a_column_lacks(own):
    write(own.path, believable(0, 1, first_seed=20), published=False)
    file = journal.entries(own)[-1].file("curves")
    pq.write_table(pq.read_table(file).drop_columns(["update_ratio"]), file)
    (file.parent / digests.NAME).unlink()
    store.publish(own)
    assert store.open(own).query("SELECT count(*) FROM curves WHERE update_ratio IS NULL").fetchall() == [(11,)]


def test_a_missing_pointer_is_made_again(own, contents):
    before = contents(own)
    own.path.unlink()
    with pytest.warns(store.StoreWarning, match=r"store publish.*Snapshot 000001 is read instead"):
        assert contents(own) == before
    store.publish(own)
    assert contents(own) == before


def test_a_pointer_to_an_older_snapshot_is_moved_on(own):
    write(own.path, believable(1, 1, first_seed=40))
    durable.point(own.path, own.snapshot_file(1))
    assert store.publish(own) is None
    assert own.resolve() == own.snapshot_file(2)


@pytest.mark.essential("nothing may be lost")
@pytest.mark.parametrize("size", [0, 100, 300_000])
def test_a_corrupt_snapshot_is_passed_over_and_the_store_built_anew(own, contents, size):
    before = contents(own)
    file = own.resolve()
    file.write_bytes(file.read_bytes()[:size])
    with pytest.warns(store.StoreWarning):
        store.publish(own)
    assert contents(own) == before
    assert own.resolve().name == "000002.duckdb"


def test_lost_snapshots_are_built_anew(own, contents):
    before = contents(own)
    shutil.rmtree(own.snapshots)
    store.publish(own)
    assert contents(own) == before


def test_a_file_of_the_user_is_never_overwritten(own):
    own.path.unlink()
    own.path.write_text("precious")
    with pytest.raises(store.StoreInvalid, match="move it away"):
        store.publish(own)
    assert own.path.read_text() == "precious"


def test_a_link_of_the_user_to_the_store_stays(own, tmp_path):
    alias = tmp_path / "latest.duckdb"
    alias.symlink_to(own.path)
    write(alias, believable(1, 1, first_seed=40))
    assert alias.readlink() == own.path
    assert store.open(alias).snapshot == "000002"


def test_failing_to_publish_leaves_the_last_snapshot(own, monkeypatch):
    write(own.path, believable(1, 1, first_seed=40), published=False)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(durable, "copy", fail)
        with pytest.raises(store.StoreError, match=r"last snapshot is unchanged.*No space"):
            store.publish(own)
    assert store.open(own).snapshot == "000001"
    assert [file.name for file in own.snapshots.glob("*.duckdb")] == ["000001.duckdb"]
    assert store.publish(own).name == "000002"


def test_a_snapshot_of_later_code_is_refused(own, damage):
    damage("INSERT INTO schema_steps VALUES (99, '099_future.sql', now()::TIMESTAMP)")
    for action in (store.open, store.publish, store.done_cells):
        with pytest.raises(store.StoreNewer, match=r"step 99.*update Goldilocks"):
            action(own)


def test_changed_views_are_published_without_new_results(own, monkeypatch, tmp_path):
    folder = tmp_path / "schema"
    shutil.copytree(migrate.FOLDER, folder)
    views = folder / "views.sql"
    views.write_text(
        views.read_text() + "CREATE VIEW extra AS SELECT cell_id FROM cells; COMMENT ON VIEW extra IS 'x';"
    )
    monkeypatch.setattr(migrate, "FOLDER", folder)
    derived = (migrate.expected, admission._newest)
    for one in derived:
        one.cache_clear()
    try:
        assert store.publish(own).name == "000002"
        assert store.publish(own) is None
        assert store.open(own).query("SELECT count(*) FROM extra").fetchall() == [(32,)]
    finally:
        for one in derived:
            one.cache_clear()


def test_a_step_is_applied_whole_or_not_at_all(monkeypatch):
    first = migrate.steps()[0]
    broken = migrate.Step(2, "002_broken.sql", "CREATE TABLE half (x INTEGER); SELECT nonsense FROM nowhere;")
    monkeypatch.setattr(migrate, "steps", lambda: (first, broken))
    with duckdb.connect() as connection:
        with pytest.raises(duckdb.Error, match="nowhere"):
            migrate.migrate(connection)
        assert migrate.applied(connection) == {1}
        assert not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'half'").fetchall()


def test_a_new_step_reaches_an_old_store(own, monkeypatch):
    sql = "ALTER TABLE curves ADD COLUMN novelty FLOAT; COMMENT ON COLUMN curves.novelty IS 'New.';"
    number = migrate.steps()[-1].number + 1
    added = migrate.Step(number, f"{number:03d}_novelty.sql", sql)
    monkeypatch.setattr(migrate, "steps", lambda first=migrate.steps(): (*first, added))
    migrate.expected.cache_clear()
    try:
        assert store.publish(own).name == "000002"
    finally:
        migrate.expected.cache_clear()
    with duckdb.connect(str(own.resolve()), read_only=True) as connection:
        assert migrate.applied(connection) == {step.number for step in migrate.steps()} | {number}
        assert connection.execute("SELECT count(novelty), count(*) > 0 FROM curves").fetchall() == [(0, True)]
