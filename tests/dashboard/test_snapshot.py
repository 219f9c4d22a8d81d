"""A snapshot that is kept open answers as the file does, and never for another one."""

import subprocess
import sys

import duckdb
import pandas as pd
import pytest

from goldilocks import store
from goldilocks.dashboard.snapshot import KEPT, Moved, Snapshot
from goldilocks.store import queries


@pytest.fixture
def snapshot(filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    with store.open() as handle:
        version = handle.version
    opened = Snapshot(version)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "name",
    [
        "outcomes_over_seeds", "learning_rate_sweep", "signal_map", "coverage", "columns", "tables_and_views",
    ],
)  # fmt: skip
def test_what_is_kept_in_memory_is_what_the_file_says(snapshot, filled_store, name):
    snapshot.prepare()
    values = {"relation": KEPT[0]} if name == "columns" else {}
    with store.open(filled_store) as handle:
        truth = handle.named(name, **values).df()
    assert len(truth)
    for _ in range(2):
        pd.testing.assert_frame_equal(snapshot.ask(name, values), truth)


def test_a_column_is_a_name_whatever_stands_in_it(snapshot):
    with pytest.raises(duckdb.BinderException, match="not found"):
        snapshot.ask("coverage", {}, columns=['study", 1 AS "more'])
    assert list(snapshot.ask("coverage", {}, columns=["cells", "study"])) == ["cells", "study"]


def test_no_writer_gets_at_what_is_served(snapshot, filled_store):
    # Each of these closes a handle on the file, and with it DuckDB's lock.
    store.open(filled_store).close()
    store.sandboxed(filled_store).close()
    filled_store.read_bytes()
    code = "import duckdb, os, sys; os.chmod(os.path.realpath(sys.argv[1]), 0o644); duckdb.connect(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, str(filled_store)], capture_output=True, text=True)
    filled_store.resolve().chmod(0o444)
    assert "Conflicting lock" in done.stderr


def test_another_snapshot_is_refused(filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    with pytest.raises(Moved):
        Snapshot("000000-0-0")


def test_the_version_of_the_page_is_the_version_of_the_handle(filled_store, monkeypatch):
    from goldilocks.dashboard import data

    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    with store.open() as handle:
        assert data.version() == handle.version


def test_the_first_rows_and_the_whole_answer(snapshot, filled_store, tmp_path):
    with store.open(filled_store) as handle:
        truth = handle.named("curves_over_seeds").df()
    few = 7
    assert len(truth) > few
    pd.testing.assert_frame_equal(snapshot.ask("curves_over_seeds", {}, few), truth.head(few))
    snapshot.save(queries.get("curves_over_seeds"), {}, tmp_path / "it's all.parquet", "Parquet", str)
    # A map is read back as one: pandas alone would make a list of pairs of it.
    kept = duckdb.read_parquet(str(tmp_path / "it's all.parquet")).df()
    pd.testing.assert_frame_equal(kept, truth, check_dtype=False)
    snapshot.save(queries.get("curves_over_seeds"), {"activations": ["relu"]}, tmp_path / "all.csv", "CSV", str)
    assert len(pd.read_csv(tmp_path / "all.csv"))


def test_some_columns_of_the_rows_in_order(snapshot, filled_store):
    wanted = ["mean", "step"]
    with store.open(filled_store) as handle:
        truth = handle.named("curves_over_seeds").df()[wanted]
    pd.testing.assert_frame_equal(snapshot.ask("curves_over_seeds", {}, columns=wanted), truth)


def test_an_answer_may_be_changed_without_changing_the_kept_one(filled_store, monkeypatch):
    from goldilocks.dashboard import data

    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    first = data.query("coverage")
    first.loc[:, "cells"] = -1
    first["more"] = 0
    assert (data.query("coverage")["cells"] > 0).all()
    assert "more" not in data.query("coverage")


def test_an_open_snapshot_answers_to_the_end_when_its_file_is_gone(filled_store, tmp_path, monkeypatch):
    own = tmp_path / "grid.duckdb"
    own.write_bytes(filled_store.resolve().read_bytes())
    monkeypatch.setenv("GOLDILOCKS_STORE", str(own))
    with store.open() as handle:
        opened = Snapshot(handle.version)
        truth = handle.named("curves_over_seeds").df()
    own.unlink()
    pd.testing.assert_frame_equal(opened.ask("curves_over_seeds", {}), truth)
    opened.close()


def test_a_snapshot_that_is_replaced_between_two_steps_of_a_question_is_asked_anew(filled_store, monkeypatch):
    from goldilocks.dashboard import data

    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    real, asked = data.version, []

    def stale() -> str:
        asked.append(1)
        return f"{real()}-older" if len(asked) == 1 else real()

    monkeypatch.setattr(data, "version", stale)
    assert len(data.query("coverage"))
    assert len(asked) == 2


def test_answers_go_with_the_snapshots_they_came_from(filled_store, tmp_path, monkeypatch):
    from goldilocks.dashboard import data

    kept = []
    monkeypatch.setattr(data._answer, "clear", lambda: kept.append("cleared"))
    for number in range(data.MOST_SNAPSHOTS + 1):
        own = tmp_path / f"{number}.duckdb"
        own.write_bytes(filled_store.resolve().read_bytes())
        monkeypatch.setenv("GOLDILOCKS_STORE", str(own))
        assert len(data.query("coverage"))
    assert kept


def test_a_question_that_takes_too_long_is_stopped_and_others_go_on(snapshot, monkeypatch):
    endless = "SELECT sum(a.range * b.range) AS total FROM range(10000000) a, range(10000000) b"
    monkeypatch.setattr(queries, "get", lambda name: queries.parse(name, f"-- Endless\n{endless}"))
    monkeypatch.setattr("goldilocks.dashboard.snapshot.MOST_SECONDS", 0.2)
    with pytest.raises(duckdb.InterruptException):
        snapshot.ask("endless", {})
    monkeypatch.undo()
    assert len(snapshot.ask("coverage", {}))
