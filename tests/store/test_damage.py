"""Wherever a snapshot is damaged, whoever opens it gets another one that is not, and no finished cell is forgotten."""

from __future__ import annotations

import warnings

import duckdb
import numpy as np
import pytest

from goldilocks import store
from goldilocks.store.files.attach import HEADERS, refuse_truncated
from tests import breadth

BLOCK = 1 << 18
CUTS = 8


@pytest.fixture
def newest(own):
    """The file of the newest of two snapshots that hold the same."""
    store.publish(own, anew=True)
    return own.resolve()


def test_a_snapshot_that_is_cut_off_anywhere_is_passed_over(own, newest):
    content = newest.read_bytes()
    with store.open(own) as opened:
        cells = opened.query("SELECT * FROM cells ORDER BY cell_id").fetchall()
    for length in np.linspace(1, len(content) - 1, CUTS, dtype=int):
        newest.write_bytes(content[:length])
        with pytest.warns(store.StoreWarning, match=f"cannot be read.*{newest.parent.name}|000001 is read instead"):
            opened = store.open(own)
        assert opened.snapshot == "000001", length
        assert opened.query("SELECT * FROM cells ORDER BY cell_id").fetchall() == cells
        opened.close()


def test_what_is_cut_off_is_told_from_its_length(tmp_path):
    # Its last block is none of those that DuckDB reads when it opens the file.
    whole, copy = tmp_path / "whole.duckdb", tmp_path / "copy.duckdb"
    with duckdb.connect(str(whole)) as connection:
        connection.execute("CREATE TABLE first AS SELECT 1 AS x; CHECKPOINT")
        connection.execute("CREATE TABLE long AS SELECT random() AS x FROM range(1_000_000); CHECKPOINT")
    content = whole.read_bytes()
    with duckdb.connect(str(whole), read_only=True) as connection:
        (used,) = connection.execute("SELECT used_blocks FROM pragma_database_size()").fetchall()[0]
    least = HEADERS + used * BLOCK
    for length in (least - 1, least, len(content)):
        copy.write_bytes(content[:length])
        with duckdb.connect(str(copy), read_only=True) as connection:
            if length < least:
                with pytest.raises(duckdb.IOException, match=f"truncated: {length} bytes of at least {least}"):
                    refuse_truncated(connection, copy)
            else:
                refuse_truncated(connection, copy)


@pytest.mark.parametrize("every", breadth.few([2, 1], 1))
def test_no_block_whose_loss_makes_finished_cells_forgotten(own, newest, every):
    content = newest.read_bytes()
    done = store.done_cells(own)
    passed_over = 0
    for start in range(HEADERS, len(content), every * BLOCK):
        noise = np.random.default_rng(start).bytes(4096)
        newest.write_bytes(content[:start] + noise + content[start + 4096 :])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", store.StoreWarning)
            assert store.done_cells(own) == done
            store.open(own).close()
        passed_over += bool(caught)
    assert passed_over > 0
