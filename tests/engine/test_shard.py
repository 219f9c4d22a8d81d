"""Parts of a grid: together all of it once, the same on every machine, with like work, and merged like one run."""

import json
import random

import pytest
import torch
from typer.testing import CliRunner

from goldilocks import engine, store
from goldilocks.engine.__main__ import app
from goldilocks.engine.grid.plan import groups
from goldilocks.engine.grid.shard import Shard, deal
from goldilocks.store import Layout
from goldilocks.store.checks.check import check
from goldilocks.store.exchange.merge import merge
from tests.breadth import few
from tests.engine.test_run import assert_same, contents
from tests.grids import preset

GRID = """
[[study]]
kind = "propagation"
width = [32, 64]
depth = [2, 3]
batch_size = 16
init = ["xavier", "kaiming_slip"]
activation = ["tanh", "relu"]

[[study]]
kind = "training"
dataset = "digits"
width = 32
depth = [2, 3]
init = ["xavier", "kaiming"]
activation = "relu"
norm = ["none", "batch"]
lr = [0.1, 1000.0]
batch_size = 32
steps = 20
"""


def work(cells):
    return sum(study.cost(group, torch.device("cpu")).flops / study.typical_share for study, group in groups(cells))


@pytest.mark.parametrize("count", few([2, 1, 4, 16, 7], 2))
def test_every_cell_is_in_one_part_and_the_parts_have_like_work(count):
    cells = preset("demo").cells
    parts = [Shard(number, count).of(cells) for number in range(1, count + 1)]
    assert sorted(cell.cell_id for part in parts for cell in part) == sorted(cell.cell_id for cell in cells)
    amounts = [work(part) for part in parts]
    # Pieces are at most an eighth of a part's work, so no part exceeds the mean by more.
    assert max(amounts) < 1.1 * sum(amounts) / count
    # Programs stay together as far as that allows.
    assert sum(len(groups(part)) for part in parts) < len(groups(cells)) + 8 * count


@pytest.mark.essential("parts of a grid are the same on every machine")
def test_the_order_of_the_grid_and_the_threads_of_the_machine_change_nothing():
    cells = list(preset("demo").cells)
    expected = deal(cells, 5)
    random.Random(0).shuffle(cells)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3 if threads != 3 else 2)
        assert deal(cells, 5) == expected
    finally:
        torch.set_num_threads(threads)


def test_more_parts_than_cells_leave_some_empty():
    cells = engine.Grid.from_toml(GRID).cells
    parts = deal(cells, 2 * len(cells))
    assert sorted(cell_id for part in parts for cell_id in part) == sorted(cell.cell_id for cell in cells)
    assert set() in parts


@pytest.mark.parametrize("text", ["0/4", "5/4", "x", "1", "1/0", "-1/4", "1/2/3", "", "1.5/4", "1/9999999"])
def test_other_parts_are_refused(text, tmp_path):
    with pytest.raises(engine.RequestError, match=r"1/4 … 4/4|1/N … N/N"):
        engine.run("smoke", tmp_path / "grid.duckdb", shard=text)
    assert list(tmp_path.iterdir()) == []


def test_parts_that_are_merged_are_one_run(tmp_path):
    grid = engine.Grid.from_toml(GRID)
    engine.run(grid, tmp_path / "whole.duckdb")
    united = Layout.at(tmp_path / "united.duckdb")
    for number in (1, 2):
        summary = engine.run(grid, tmp_path / f"{number}.duckdb", shard=f"{number}/2")
        assert 0 < summary["cells_total"] == summary["cells_computed"] < len(grid.cells)
        merged = merge(united, tmp_path / f"{number}.duckdb")
        assert (merged.added, merged.known) == (summary["cells_total"], 0)
    assert_same(contents(tmp_path / "whole.duckdb"), contents(united))
    assert [finding for finding in check(united) if not finding.holds] == []
    assert engine.run(grid, united)["cells_computed"] == 0


TINY = """
[[study]]
kind = "propagation"
width = 16
depth = 2
batch_size = 8
init = "xavier"
activation = "tanh"
"""


def test_a_part_without_cells_is_a_success_and_its_store_can_be_merged(tmp_path):
    grid = tmp_path / "tiny.toml"
    grid.write_text(TINY)
    parts = []
    for number in (1, 2):
        parts.append(tmp_path / f"{number}.duckdb")
        command = ["run", str(grid), "--store", str(parts[-1]), "--shard", f"{number}/2"]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        with store.open(parts[-1]) as handle:
            (cells,) = handle.query("SELECT count(*) FROM cells").fetchall()[0]
        assert ("this shard has no cells" in done.stdout) == (cells == 0)
        assert all(finding.holds for finding in check(Layout.at(parts[-1])))
        again = CliRunner().invoke(
            app, ["run", str(grid), "--store", str(parts[-1]), "--shard", f"{number}/2", "--json"]
        )
        assert (again.exit_code, json.loads(again.stdout)["cells_computed"]) == (0, 0)
    merged = Layout.at(tmp_path / "merged.duckdb")
    assert sorted(merge(merged, part).added for part in parts) == [0, 1]
    assert all(finding.holds for finding in check(merged))
