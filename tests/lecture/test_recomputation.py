"""What the studies of batch norm have measured can be computed again from the store alone, bit for bit."""

import pytest

from goldilocks.engine.execution.verify import verify
from goldilocks.store.checks.check import check

pytestmark = pytest.mark.essential("what was measured of batch norm, computed again")

GRID = """
[[study]]
kind = "batch_norm_layer"
dataset = "digits"
width = 16
depth = 2
init = "kaiming"
activation = ["tanh", "relu"]
lr = 0.1
batch_size = 32
steps = 20
seed = [0, 1]

[[study]]
kind = "discrepancy"
dataset = "digits"
width = 16
depth = 2
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr_per_example = 0.001
epochs = 1
batch_size = 32
seed = [0, 1]

[[study]]
kind = "folding"
dataset = "digits"
width = 16
depth = 2
init = "kaiming"
activation = ["tanh", "relu"]
lr = 0.1
batch_size = 64
steps = 5
seed = [0, 1]
"""


def test_every_study_can_be_computed_again(lecture):
    cells = [cell for (cell,) in lecture.query("SELECT min(cell_id) FROM cells GROUP BY study").fetchall()]
    assert len(cells) == 3
    assert all(verdict.agrees and not verdict.inexact for verdict in verify(cells, store=lecture.path))


def test_the_store_holds_together(lecture):
    assert all(finding.holds for finding in check(lecture.path))
