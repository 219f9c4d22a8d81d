"""Convolutions: both ways to compute them, fan-in, images and their borders, refusals."""

import numpy as np
import pytest
import torch

from goldilocks import engine, store
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.initializers import initializers
from goldilocks.engine.networks import Tape, convolution
from goldilocks.engine.networks.convolution import Convolution
from goldilocks.engine.signal.program import SignalProgram
from goldilocks.engine.studies import studies
from goldilocks.engine.studies.propagation import PropagationCell
from goldilocks.store.checks.check import check
from tests.device import DEVICE
from tests.engine.signals import measure

GEOMETRIES = [
    Convolution(8, 5),
    Convolution(8, 1, stride=2),
    Convolution(7, 3, stride=2),
    Convolution(9, 2, filter=5),
    Convolution(6, 2, filter=5, stride=2),
    Convolution(5, 3, filter=1),
]
CONFIGS, BATCH, UNITS, SEEDS = 3, 4, 6, 8


def draw(geometry, dtype=torch.float32):
    random = torch.Generator().manual_seed(0)
    h, weight, bias, dz = (
        torch.randn(shape, generator=random, dtype=torch.float64).to(dtype)
        for shape in (
            (CONFIGS, BATCH * geometry.side**2, geometry.channels),
            (CONFIGS, geometry.receptive * geometry.channels, UNITS),
            (CONFIGS, 1, UNITS),
            (CONFIGS, BATCH * geometry.positions, UNITS),
        )
    )
    return h, weight, bias, dz


def products(geometry, h, weight, bias, dz):
    """Return the output, the output for inputs that all configurations share, and both gradients."""
    return [
        geometry.forward(h, weight, bias),
        geometry.forward(h[:1], weight, None),
        geometry.backward(dz, weight),
        geometry.weight_gradient(h, dz),
        geometry.weight_gradient(h[:1], dz),
    ]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_patches_and_fused_kernels_are_the_convolution_of_torch(geometry, monkeypatch):
    fused = products(geometry, *draw(geometry))
    exact = products(geometry, *draw(geometry, torch.float64))
    for ours, truth in zip(fused, exact, strict=True):
        torch.testing.assert_close(ours.double(), truth, rtol=1e-4, atol=1e-4)
    monkeypatch.setattr(convolution, "_fused", lambda x: False)
    for ours, truth in zip(products(geometry, *draw(geometry)), exact, strict=True):
        torch.testing.assert_close(ours.double(), truth, rtol=1e-4, atol=1e-4)
    h, weight, bias, dz = draw(geometry, torch.float64)
    for c in range(CONFIGS):
        images = h[c].view(BATCH, geometry.side, geometry.side, -1).permute(0, 3, 1, 2).requires_grad_()
        filters = weight[c].view(geometry.filter, geometry.filter, -1, UNITS).permute(3, 2, 0, 1).requires_grad_()
        z = torch.nn.functional.conv2d(images, filters, bias[c, 0], geometry.stride, geometry.padding)
        rows = z.permute(0, 2, 3, 1).reshape(-1, UNITS)
        torch.testing.assert_close(exact[0][c], rows.detach())
        back = torch.autograd.grad(rows, (images, filters), dz[c])
        torch.testing.assert_close(exact[2][c], back[0].permute(0, 2, 3, 1).reshape(-1, geometry.channels))
        torch.testing.assert_close(exact[3][c], back[1].permute(2, 3, 1, 0).reshape(-1, UNITS))


def test_the_results_of_a_configuration_do_not_depend_on_its_neighbours():
    geometry = GEOMETRIES[0]
    h, weight, bias, dz = draw(geometry)
    together = products(geometry, h, weight, bias, dz)
    for c in range(CONFIGS):
        part = slice(c, c + 1)
        assert torch.equal(geometry.forward(h[part], weight[part], bias[part])[0], together[0][c])
        assert torch.equal(geometry.backward(dz[part], weight[part])[0], together[2][c])
        assert torch.equal(geometry.weight_gradient(h[part], dz[part])[0], together[3][c])


def test_fans_are_those_of_torch():
    cell = PropagationCell(network="conv", init="xavier", activation="tanh", width=12, depth=3, batch_size=2)
    tensor = torch.empty(12, 12, 3, 3)
    expected = torch.nn.init._calculate_fan_in_and_fan_out(tensor)
    fans = cell.shapes[1].fans
    assert (fans.fan_in, fans.fan_out) == expected == (9 * 12, 9 * 12)
    assert fans.channels == 12


@pytest.mark.parametrize("name", ["xavier", "kaiming"])
def test_the_mistake_leaves_the_filter_out_of_the_fan_in(name):
    cell = PropagationCell(network="conv(filter=5)", init=name, activation="relu", width=12, depth=3, batch_size=2)
    right, wrong = initializers.parse(name), initializers.parse(f"{name}_channels")
    fans = cell.shapes[1].fans
    assert wrong.scale(fans, cell.activation) == pytest.approx(5 * right.scale(fans, cell.activation))


PLAIN = pytest.param("conv", marks=pytest.mark.thorough("with ReLU below, and its borders and strides in the others"))


@pytest.mark.parametrize("network", [PLAIN, "conv(side=5, filter=5)", "conv(strided=1, dense=1, dense_width=256)"])
def test_means_over_seeds_are_what_theory_predicts(network):
    sizes = {"width": 128, "depth": 4, "batch_size": 8}
    rows = measure(SEEDS, ["kaiming", "torch_default"], ["relu", "tanh", "gelu"], network=network, **sizes)
    for measured, theory in (("std", "theory_std"), ("grad_rms", "theory_grad_rms")):
        ratio = (rows[measured] / rows[theory]).groupby([rows.init, rows.activation, rows.layer])
        slack = 4 * ratio.std() / SEEDS**0.5 + 2 * sizes["depth"] / sizes["width"]
        beyond = (ratio.mean() - 1).abs() > slack
        assert not beyond.any(), (measured, ratio.mean()[beyond])


def test_a_prediction_that_forgets_the_border_would_be_caught():
    """Mutation: as if every pixel of an 8 × 8 image saw nine; 220 of 576 pixel-neighbour pairs are a border's zeros."""
    rows = measure(SEEDS, ["kaiming"], ["relu"], network="conv", width=128, depth=4, batch_size=8)
    last = rows[rows.layer == 4]
    borderless = (1 - 1 / np.pi) ** 0.5
    assert abs(last["std"].mean() / last["theory_std"].mean() - 1) < 0.1
    assert last["std"].mean() / borderless < 0.85


def test_no_theory_stands_beside_what_it_does_not_cover():
    rows = measure(1, ["kaiming"], ["relu"], ["none", "batch"], network="conv", width=8, depth=2, batch_size=4)
    assert rows[rows.norm == "none"].theory_std.notna().all()
    assert rows[rows.norm == "batch"].theory_std.isna().all()
    images = {"network": "conv", "dataset": "digits", "width": 8, "depth": 2, "batch_size": 4}
    assert measure(1, ["kaiming"], ["relu"], **images).theory_std.isna().all()


def test_a_channel_is_dead_only_when_inactive_everywhere():
    cell = PropagationCell(network="conv", init="kaiming", activation="relu", width=4, depth=1, batch_size=2)
    program = SignalProgram([cell], DEVICE)
    (tape,) = program.forward()
    tape.pre[...] = 1.0
    tape.pre[..., 0] = -1.0
    tape.pre[..., 1] = -1.0
    tape.pre[0, 77, 1] = 1.0
    record = program.signal(Tape(tape.inputs, tape.pre, torch.relu(tape.pre), None))
    assert record.columns["frac_dead_units"].item() == pytest.approx(1 / 4)


REFUSED = {
    'network = "conv"\ndepth = 0': "depth",
    'network = "conv(dense=2)"\ndepth = 2': "needs at least 3",
    'network = "conv(strided=3)"\ndepth = 2': "needs at least 3",
    'network = "conv(dense_width=8)"\ndepth = 2': "dense of at least 1",
    'network = "conv(side=9)"\ndataset = "digits"\ndepth = 2': "side is for Gaussian inputs",
    'network = "conv(dense=1, dense_width=6)"\nnorm = "group(groups=4)"\ndepth = 2': "multiple of 4",
    'network = "conv(filter=2)"\ndepth = 2': "filter",
    'network = "conv(dense=1)"\ndataset = "digits"\nnorm = "batch"\ndepth = 3\nbatch_size = 1': "at least 2 values",
    'network = "conv(strided=3)"\ndataset = "digits"\nnorm = "batch"\ndepth = 3\nbatch_size = 1': "at least 2 values",
    "network = \"residual_mlp(branch='half')\"\ndepth = 2": "branch",
}


@pytest.mark.parametrize("table", REFUSED)
def test_networks_that_do_not_exist_are_refused(table):
    text = f'[[study]]\nkind = "propagation"\n{table}\ninit = "xavier"\nactivation = "relu"\nwidth = 8\n' + (
        "" if "batch_size" in table else "batch_size = 4\n"
    )
    with pytest.raises(RequestError, match=REFUSED[table]):
        Grid.from_toml(text, "grid")


TRAINED = """
[[study]]
kind = "training"
network = ["conv(strided=1, dense=2, dense_width=16)", "residual_mlp"]
dataset = "digits"
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
width = 16
depth = 4
lr = 0.05
batch_size = 32
steps = 60
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    path = tmp_path_factory.mktemp("convolution") / "grid.duckdb"
    summary = engine.run(Grid.from_toml(TRAINED, "convolution"), path)
    assert summary["cells_failed"] == 0
    return path


@pytest.mark.essential("convolutional networks, from grid to store")
def test_both_networks_train_and_the_store_holds_together(filled):
    with store.open(filled) as handle:
        outcomes = handle.query("SELECT network, norm, final_test_accuracy FROM outcomes").df()
    assert len(outcomes) == 4
    assert (outcomes.final_test_accuracy > 0.5).all(), outcomes
    assert [finding for finding in check(filled) if not finding.holds] == []


def test_memory_and_operations_follow_the_network():
    plain, strided = (
        PropagationCell(network=name, init="xavier", activation="tanh", width=8, depth=3, batch_size=4)
        for name in ("conv", "conv(strided=1)")
    )
    study = studies.parse("propagation")
    full, quarter = (study.cost([cell], DEVICE) for cell in (plain, strided))
    assert full.flops == 4 * 4 * 3 * 64 * 72 * 8
    assert quarter.flops == full.flops / 4
    assert quarter.bytes < full.bytes
