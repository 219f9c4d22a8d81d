"""A journal entry is either there as a whole or not at all, and nothing that does not fit gets in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldilocks import store
from goldilocks.store import journal, tables
from goldilocks.store.files import digests, durable
from goldilocks.store.writing import verification
from tests.store.builder import Batch, believable


@pytest.fixture
def empty(tmp_path: Path) -> store.Layout:
    return store.Layout.at(tmp_path / "grid.duckdb")


def test_entries_are_numbered_in_the_order_of_writing(empty):
    paths = [journal.append(empty, label, Batch().run().tables()) for label in ("smoke", "a b/c", "")]
    assert [path.name for path in paths] == ["000001-smoke", "000002-a-b-c", "000003-batch"]
    assert [entry.name for entry in journal.entries(empty)] == [path.name for path in paths]


def test_numbers_go_on_after_the_largest_even_when_one_is_gone(empty):
    for _ in range(2):
        journal.append(empty, "x", Batch().run().tables())
    durable.discard(journal.entries(empty)[0].path)
    assert journal.append(empty, "x", Batch().run().tables()).name == "000003-x"


def with_rows(batch):
    """Return the tables of a batch that an entry has files of."""
    return {name: table for name, table in batch.items() if table.num_rows}


def test_a_batch_comes_back_as_it_was_with_nan_and_infinity(empty):
    batch = believable(4, 4).tables()
    path = journal.append(empty, "x", batch)
    assert {file.stem for file in path.iterdir()} == {*with_rows(batch), digests.NAME}
    for name, table in with_rows(batch).items():
        assert repr(pq.read_table(path / f"{name}.parquet").to_pylist()) == repr(table.to_pylist())


def test_column_order_and_wider_types_do_not_matter(empty):
    batch = believable(1, 1).tables()
    layers = batch["layers"]
    wide = pa.table({name: layers[name] for name in reversed(layers.column_names)})
    wide = wide.set_column(wide.column_names.index("layer"), "layer", wide["layer"].cast(pa.int64()))
    path = journal.append(empty, "x", batch | {"layers": wide})
    assert pq.read_schema(path / "layers.parquet").equals(tables.schema("layers"))


def _changed(name: str, column: str, values: list) -> dict[str, pa.Table]:
    batch = believable(1, 1).tables()
    rows = batch[name].to_pylist()
    for row, value in zip(rows, values, strict=False):
        row[column] = value
    batch[name] = pa.Table.from_pylist(rows)
    return batch


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({}, "at least one table"),
        ({"cells": believable(1, 0).tables()["cells"].slice(0, 0)}, "at least one table"),
        ({"cell": believable(1, 0).tables()["cells"]}, "no table 'cell'; it has runs"),
        ({"runs": Batch().run().tables()["runs"].drop_columns(["grid"])}, r"missing \['grid'\]"),
        ({"runs": Batch().run().tables()["runs"].append_column("mood", [["fine"]])}, r"unknown \['mood'\]"),
        (_changed("cells", "depth", ["deep", "deeper"]), "cells.depth"),
        (_changed("cells", "depth", [4.5, 4.5]), "cells.depth"),
        (_changed("cells", "status", [None]), "cells.status has 1 nulls"),
        (_changed("cells", "cell_id", ["a", "a"]), "twice"),
        (_changed("layers", "cell_id", ["elsewhere"]), "table layers has a cell_id"),
        (_changed("cells", "spec", ["{", "{}"]), "not JSON"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(empty, batch, message):
    with pytest.raises(store.StoreInvalid, match=message):
        journal.append(empty, "x", batch)
    assert not empty.journal.exists() or not list(empty.journal.iterdir())


def test_a_failure_while_writing_leaves_nothing(empty, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match="No space"):
        journal.append(empty, "x", Batch().run().tables())
    assert not list(empty.journal.iterdir())


def test_unfinished_folders_are_no_entries_and_the_next_writer_removes_them(empty):
    journal.append(empty, "x", Batch().run().tables())
    torn = durable.temporary(empty.journal, "000002-torn")
    torn.mkdir()
    (torn / "cells.parquet").write_bytes(b"PAR1")
    (empty.journal / "notes.txt").write_text("not an entry")
    assert [entry.name for entry in journal.entries(empty)] == ["000001-x"]
    with store.WriterLock(empty):
        assert not torn.exists()


def test_a_writer_killed_at_any_moment_leaves_whole_entries_only(empty):
    code = (
        "import sys, store; from tests.store.builder import believable\n"
        "layout = store.Layout.at(sys.argv[1]); batch = believable(8, 8).tables()\n"
        "with store.WriterLock(layout):\n"
        "    print('ready', flush=True)\n"
        "    while True: store.journal.append(layout, 'x', batch)\n"
    )
    for delay in (0.03, 0.1):
        process = subprocess.Popen([sys.executable, "-c", code, str(empty)], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    whole = len(with_rows(believable(8, 8).tables()))
    assert all(len(entry.files()) == whole for entry in journal.entries(empty))
    assert verification.flaws(journal.entries(empty)) == {}
