"""Distinct units are counted right, and a cell is measured alike in any company."""

import numpy as np
import pandas as pd
import pytest
import torch

from goldilocks import engine, store
from goldilocks.engine.studies.symmetry import ALIKE, count_distinct
from tests.device import DEVICE


def columns(*vectors):
    return torch.tensor(vectors, dtype=torch.float32).T[None]


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        ([[1, 2], [1, 2], [1, 2]], 1),
        ([[1, 2], [3, 4], [1, 2]], 2),
        ([[1, 2], [3, 4], [5, 6]], 3),
        ([[0, 0], [0, 0], [0, 0]], 1),
        ([[0, 0], [1, 0], [0, 0]], 2),
        ([[1, 2], [1 + ALIKE, 2], [1, 2]], 1),
        ([[1, 2], [1 + 10 * ALIKE, 2], [1, 2]], 2),
        # Small beside the longest one: alike. Alone: different.
        ([[1e-6, 0], [0, 1e-6], [1, 1]], 2),
        ([[1e-6, 0], [0, 1e-6]], 2),
        ([[1e-30, 0], [0, 1e-30]], 2),
    ],
)
def test_distinct_columns(vectors, expected):
    assert count_distinct(columns(*vectors)).tolist() == [expected]


def test_configurations_are_counted_apart_and_what_is_not_finite_is_not_counted():
    both = torch.cat([columns([1, 2], [1, 2]), columns([1, 2], [2, 1]), columns([1, 2], [np.inf, 1])])
    found = count_distinct(both)
    assert found[:2].tolist() == [1, 2]
    assert found[2].isnan()


GRID = """
[[study]]
kind = "symmetry"
dataset = "digits"
init = {init}
activation = "tanh"
norm = ["none", "batch"]
depth = 2
width = 16
batch_size = 32
lr = {lr}
steps = 30
seed = [0, 1]
"""


def measured(folder, init, lr="[0.1]"):
    path = folder / "grid.duckdb"
    assert engine.run(engine.Grid.from_toml(GRID.format(init=init, lr=lr), "symmetry"), path)["cells_failed"] == 0
    with store.open(path) as handle:
        return handle.query("SELECT * FROM quantities ORDER BY cell_id, quantity, part, position").df()


def test_a_cell_is_measured_alike_alone_and_among_others(tmp_path):
    alone = measured(tmp_path / "a", '["xavier"]')
    among = measured(tmp_path / "b", '["zeros", "xavier", "kaiming"]', "[0.1, 0.3]")
    among = among[among.cell_id.isin(alone.cell_id)].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among, rtol=1e-4)


def test_gradients_are_those_of_the_loss(tmp_path):
    """The norms before training equal those of autograd on the same weights."""
    from goldilocks.engine.initial import initialize
    from goldilocks.engine.training.trainer import Trainer

    found = measured(tmp_path, '["kaiming"]')
    cells = [c for c in engine.Grid.from_toml(GRID.format(init='["kaiming"]', lr="[0.1]")).cells if c.norm.absent]
    trainer = Trainer(cells, DEVICE)
    x, y = trainer.minibatch(0)
    model = initialize(cells, 10, DEVICE)
    for c, cell in enumerate(cells):
        h, weights = x[c], []
        for layer in model.hidden:
            weights.append(layer.affine.weight[c].clone().requires_grad_())
            h = torch.tanh(h @ weights[-1] + layer.affine.bias[c])
        loss = torch.nn.functional.cross_entropy(h @ model.readout.weight[c] + model.readout.bias[c], y[c])
        norms = [gradient.norm().item() for gradient in torch.autograd.grad(loss, weights)]
        rows = found[(found.cell_id == cell.cell_id) & (found.part == "before")]
        stored = rows[rows.quantity == "layer_gradient_norm"].sort_values("position").value
        np.testing.assert_allclose(stored, norms, rtol=1e-4)


def test_training_that_diverges_is_a_result(tmp_path):
    path = tmp_path / "grid.duckdb"
    text = GRID.format(init='["normal(std=10)"]', lr="[100000.0]").replace('"tanh"', '"relu"')
    summary = engine.run(engine.Grid.from_toml(text, "symmetry"), path)
    assert summary["cells_failed"] == 0 < summary["cells_diverged"]
    with store.open(path) as handle:
        lost = "SELECT DISTINCT status FROM cells JOIN measurements USING (cell_id) WHERE NOT isfinite(value)"
        assert handle.query(lost).fetchall() == [("diverged",)]
