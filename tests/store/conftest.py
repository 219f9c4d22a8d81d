"""Stores for the tests: one is built per session, and copied for whoever wants to change it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from goldilocks import store
from tests.store import builder
from tests.store.builder import Batch, write


@pytest.fixture(scope="session")
def layout(tmp_path_factory: pytest.TempPathFactory) -> store.Layout:
    """A published store of 16 propagation and 16 training cells, some diverged. Not to be changed."""
    return builder.write(tmp_path_factory.mktemp("store") / "grid.duckdb", builder.believable(16, 16))


@pytest.fixture
def own(layout: store.Layout, tmp_path: Path) -> store.Layout:
    """A copy of the same store, to be changed."""
    shutil.copytree(layout.path.parent, tmp_path / "own", symlinks=True)
    return store.Layout.at(tmp_path / "own" / "grid.duckdb")


@pytest.fixture
def damage(own: store.Layout) -> Callable[[str], None]:
    """Runs SQL on the snapshot itself, and gives it a new digest: it is as if this code had published it so."""

    def execute(sql: str) -> None:
        with builder.rewritten(own.resolve()) as connection:
            connection.execute(sql)

    return execute


@pytest.fixture
def contents() -> Callable[[store.Layout], dict[str, list]]:
    """Reads every table, from which the views derive, comparable by ==: NaN as text, no times of ingestion."""

    def read(layout: store.Layout) -> dict[str, list]:
        with store.open(layout) as opened:
            cursor = opened.cursor()
            of_here = "database_name = current_database() AND NOT internal"
            names = cursor.execute(f"SELECT table_name FROM duckdb_tables() WHERE {of_here}").fetchall()
            columns = "COLUMNS(lambda c: c NOT IN ('ingested_at', 'applied_at'))"
            return {
                name: sorted(map(repr, cursor.execute(f'SELECT {columns} FROM "{name}"').fetchall()))
                for (name,) in names
            }

    return read


@pytest.fixture(scope="session")
def opened(tmp_path_factory):
    """Configurations with several seeds, some diverged, and two learning rates."""
    batch = Batch().run().run("later", status="killed")
    for seed in range(4):
        broken = math.nan if seed == 3 else 0.0
        batch.propagation(rate=1.0, shift=0.01 * seed, seed=seed)
        batch.propagation(rate=0.5 + 0.02 * seed, shift=broken, init="normal(std=0.01)", seed=seed)
        batch.propagation(rate=1.5, activation="relu", norm="batch", seed=seed, depth=3)
        for lr, learns in ((0.1, 0.85), (1.0, 0.95)):
            batch.training(learns=learns + 0.02 * seed, lr=lr, seed=seed)
            batch.training(learns=0.9, diverges_at=8 if seed > 1 else None, lr=lr, init="kaiming", seed=seed)
            batch.training(learns=0.99, lr=lr, norm="batch", seed=seed, depth=8)
    batch.cell("training", status="failed", error="out of memory", seed=77)
    handle = store.open(write(tmp_path_factory.mktemp("queries") / "grid.duckdb", batch))
    yield handle
    handle.close()
