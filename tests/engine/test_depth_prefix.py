"""Several depths in one program: the signal is computed once, and every number is that of a program alone."""

import pandas as pd
import pytest

from goldilocks.engine.activations import activations
from goldilocks.engine.device import choose_device
from goldilocks.engine.grid.plan import plan
from goldilocks.engine.networks.mlp import Mlp
from goldilocks.engine.studies.propagation import Propagation, PropagationCell
from tests.device import DEVICE
from tests.engine.members import INITIALIZERS

DEPTHS = (1, 2, 5)


def cells(depths=DEPTHS, **fixed):
    return [
        PropagationCell(init=init, activation=activation, norm=norm, depth=depth, width=12, batch_size=8, **fixed)
        for depth in depths
        for init in INITIALIZERS
        for activation in ("tanh", "relu")
        for norm in ("none", "batch", "layer")
        if init.refusal(activations.parse(activation)) is None
    ]


def tables(batch):
    outcome = Propagation().run(batch, DEVICE, lambda share: None)
    layers = outcome.tables["layers"].to_pandas().sort_values(["cell_id", "layer"]).reset_index(drop=True)
    order = ["cell_id", "layer", "tap"]
    histograms = outcome.tables["layer_histograms"].to_pandas().sort_values(order).reset_index(drop=True)
    return layers, histograms


def test_a_depth_without_any_prediction_goes_with_one_that_has_them():
    shape = {"init": "xavier", "activation": "tanh", "width": 12, "batch_size": 8, "dataset": "digits"}
    normed, plain = PropagationCell(norm="batch", depth=2, **shape), PropagationCell(depth=3, **shape)
    layers, _ = tables([normed, plain])
    assert layers.groupby("cell_id").theory_std.count().to_dict() == {normed.cell_id: 0, plain.cell_id: 3}


def test_each_depth_has_the_numbers_it_has_alone():
    together = tables(cells())
    alone = [pd.concat(parts) for parts in zip(*(tables(cells((depth,))) for depth in DEPTHS), strict=True)]
    for mixed, separate in zip(together, alone, strict=True):
        keys = [key for key in ("cell_id", "layer", "tap") if key in mixed]
        separate = separate.sort_values(keys).reset_index(drop=True)
        assert len(mixed) == len(separate)
        # Larger products may be summed in another order.
        pd.testing.assert_frame_equal(mixed, separate[mixed.columns], rtol=1e-4, atol=1e-5)


def test_one_signal_serves_every_depth(monkeypatch):
    calls = []
    forward = Mlp.forward

    def counted(self, layers, x, keep_pre=True):
        calls.append(len(layers))
        return forward(self, layers, x, keep_pre)

    monkeypatch.setattr(Mlp, "forward", counted)
    batch = [cell for cell in cells() if not cell.init.data_dependent]
    (planned,) = plan(batch, choose_device("cpu"))
    planned.study.run(planned.cells, DEVICE, lambda share: None)
    assert calls == [max(DEPTHS)]


def test_a_grid_with_a_gap_has_no_cell_too_many():
    ragged = [cell for cell in cells((2, 5)) if cell.depth == 5 or cell.init.name == "xavier"]
    layers, _ = tables(ragged)
    assert layers.groupby("cell_id").layer.max().to_dict() == {cell.cell_id: cell.depth for cell in ragged}


@pytest.mark.parametrize("network", ["residual_mlp", "conv"])
def test_networks_whose_shallow_part_is_another_network_are_not_mixed(network):
    fixed = {"network": network, "init": "xavier", "activation": "tanh", "width": 4, "batch_size": 2}
    two = [PropagationCell(depth=depth, **fixed) for depth in (3, 4)]
    assert len({Propagation().group_key(cell) for cell in two}) == 2
