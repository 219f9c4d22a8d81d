"""Programs of convolutional and residual networks: the engine's own network in plain PyTorch, which trains."""

import re
from itertools import cycle, product

import pandas as pd
import pytest
import torch
from torch import nn

from goldilocks import engine
from goldilocks.dashboard import programs
from goldilocks.dashboard.programs.program import KINDS
from goldilocks.engine.catalog import schemes_table
from goldilocks.engine.initial import initialize
from goldilocks.engine.initializers import initializers
from goldilocks.engine.networks import networks
from goldilocks.engine.training.trainer import Trainer
from tests.dashboard.test_snippet import members

WIDTH, DEPTH, BATCH = 32, 4, 16
CONVOLUTIONS = (
    "conv",
    "conv(filter=5, strided=1, dense=2, dense_width=16)",
    "conv(strided=2, dense=1)",
    "conv(filter=1, strided=1)",
)
RESIDUAL = ("residual_mlp", "residual_mlp(branch='1/sqrt(depth)')", "residual_mlp(branch='zero')")
NORMS = ("none", "batch", "layer", "rms", "group(groups=4)")
BY_DATA = [member.name for member in initializers if member.data_dependent]
# Every initializer in blocks and on convolutions with windows of several pixels, whose fan-in is not the channels.
DRAWN = [
    *zip(members(initializers), cycle(CONVOLUTIONS[:3]), cycle(("relu", "tanh")), cycle(NORMS), strict=False),
    *zip(members(initializers), cycle(RESIDUAL), cycle(("tanh", "relu")), cycle(NORMS), strict=False),
]
# Every form of a network with every normalization.
FORMS = list(product(("kaiming",), (*CONVOLUTIONS, *RESIDUAL), ("tanh",), NORMS))


@pytest.fixture(scope="module")
def cards():
    """The cards of all members, as a store has them."""
    return schemes_table().to_pandas()


def cell_of(init, network, activation, norm):
    text = f"""
    [[study]]
    kind = "training"
    dataset = "digits"
    network = "{network}"
    width = {WIDTH}
    depth = {DEPTH}
    init = "{init}"
    activation = "{activation}"
    norm = "{norm}"
    lr = 0.01
    batch_size = {BATCH}
    steps = 1
    """
    (cell,) = engine.Grid.from_toml(text, "program").cells
    return cell


def text_of(cards, cell):
    axes = ("network", "init", "activation", "norm", "optimizer")
    configuration = {axis: str(getattr(cell, axis)) for axis in axes}
    numbers = {axis: getattr(cell, axis) for axis in ("lr", "depth", "width", "batch_size")}
    return programs.program(cards, configuration | numbers)


def initialized(text):
    """Run a program up to its training and return its names."""
    torch.manual_seed(0)
    names: dict = {}
    exec(text.partition(programs.TRAINING)[0], names)
    return names


def affine(model):
    """Return the layers with weights, first to last."""
    return [module for module in model.modules() if isinstance(module, nn.Linear | nn.Conv2d)]


def as_matrix(layer):
    """Return a layer's weights as the engine has them `[fan_in, units]`: of a convolution, channels go fastest."""
    weight = layer.weight.detach()
    return (weight if weight.dim() == 2 else weight.permute(0, 2, 3, 1).flatten(1)).T


def as_torch(weight, layer, before):
    """Return weights of the engine `[fan_in, units]` as PyTorch has them.

    Args:
        weight: the weights.
        layer: whose they are to be.
        before: the layer before it; the pixels of an image are flattened channel by channel.
    """
    if isinstance(layer, nn.Conv2d):
        return weight.T.reshape(-1, *layer.kernel_size, layer.in_channels).permute(0, 3, 1, 2)
    if isinstance(before, nn.Conv2d):
        weight = weight.view(-1, before.out_channels, layer.out_features).transpose(0, 1).flatten(0, 1)
    return weight.T


def normalizations(model):
    """Return the normalizations of a program, first to last."""
    kinds = nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm | nn.GroupNorm | nn.RMSNorm
    return [module for module in model.modules() if isinstance(module, kinds)]


def close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4)


def size(x):
    return x.square().mean().sqrt().item()


@pytest.mark.parametrize(("init", "network", "activation", "norm"), DRAWN, ids=str)
def test_the_program_has_the_engines_shapes_and_weights_of_its_size(cards, init, network, activation, norm):
    cell = cell_of(init, network, activation, norm)
    names = initialized(text_of(cards, cell))
    layers = affine(names["model"])
    own = initialize([cell], 10, torch.device("cpu")).affines()
    shapes = [*cell.shapes, cell.readout]
    assert [tuple(as_matrix(layer).shape) for layer in layers] == [tuple(one.weight[0].shape) for one in own]
    if init in BY_DATA:
        return
    for layer, one, shape in zip(layers, own, shapes, strict=True):
        # Both scatter: of n draws the root mean square by no more than 1/√(2n) of itself.
        assert size(layer.weight) == pytest.approx(size(one.weight), rel=5 * one.weight.numel() ** -0.5)
        bias = cell.init.bias_scale(shape.fans, cell.activation)
        assert size(layer.bias) == pytest.approx(bias, rel=4 * layer.bias.numel() ** -0.5)


@pytest.mark.parametrize(("init", "network", "activation", "norm"), FORMS, ids=str)
def test_with_the_engines_weights_the_program_does_what_the_engine_does(cards, init, network, activation, norm):
    """In training and in evaluation; with other γ, β and factors than they begin with."""
    cell = cell_of(init, network, activation, norm)
    names = initialized(text_of(cards, cell))
    trainer = Trainer([cell], torch.device("cpu"))
    model, hidden = names["model"], trainer.model.hidden
    blocks = names.get("blocks", [])
    assert [float(torch.as_tensor(block.alpha).detach()) for block in blocks] == [
        layer.branch.factor.item() for layer in hidden if layer.branch
    ]
    before = None
    for layer, one in zip(affine(model), trainer.model.affines(), strict=True):
        layer.weight.data.copy_(as_torch(one.weight[0], layer, before))
        # Biases that a normalization takes off again the engine does not have.
        layer.bias.data.copy_(torch.zeros_like(layer.bias) if one.bias is None else one.bias[0, 0])
        before = layer
    torch.manual_seed(1)
    for block, layer in zip(blocks, (layer for layer in hidden if layer.branch), strict=True):
        assert torch.as_tensor(block.alpha).item() == pytest.approx(layer.branch.factor.item())
        assert isinstance(block.alpha, nn.Parameter) == layer.branch.learned
        if layer.branch.learned:
            block.alpha.data = layer.branch.factor[0, 0, 0] = torch.rand(())
    for own, layer in zip(normalizations(model), hidden if norm != "none" else (), strict=True):
        for ours, theirs in zip(layer.scale.tensors(), own.parameters(), strict=True):
            theirs.data = ours[0, 0] = 1 + torch.rand(theirs.shape)
        if layer.running is not None:
            own.reset_running_stats()
            layer.running.mean.zero_()
    x, _ = trainer.minibatch(0)
    examples = x[0].view(-1, 8, 8, 1).movedim(-1, 1) if network in CONVOLUTIONS else x[0]
    act = trainer.network.forward(hidden, x)[-1].act
    close(model.train()(examples), trainer.model.readout.forward(act)[0])
    close(model.eval()(examples), trainer.model.readout.forward(trainer.network.evaluate(hidden, x))[0])


@pytest.mark.parametrize(("init", "network"), [("kaiming", CONVOLUTIONS[1]), *product(BY_DATA, RESIDUAL[2:])])
def test_the_program_trains(cards, init, network):
    text = text_of(cards, cell_of(init, network, "relu", "rms"))
    torch.manual_seed(0)
    names: dict = {}
    exec(text, names)
    before = names["loss"].item()
    names["batches"] = names["batches"][-1:] * 10
    names["optimizer"].param_groups[0]["lr"] = 0.1
    exec(text.partition("model.train()")[2], names)
    assert names["loss"].item() < 0.9 * before


@pytest.mark.parametrize("network", [CONVOLUTIONS[1], *RESIDUAL[:2]])
@pytest.mark.parametrize("init", BY_DATA)
def test_what_leaves_each_layer_has_variance_1_where_the_initialization_sees_to_that(cards, network, init):
    names = initialized(text_of(cards, cell_of(init, network, "tanh", "batch")))
    left: list[float] = []
    for layer in affine(names["model"]):
        layer.register_forward_hook(lambda layer, inputs, output: left.append(output.std().item()))
    example = (1, 8, 8) if network in CONVOLUTIONS else (64,)
    names["model"](torch.randn(256, *example))
    assert left == pytest.approx([1] * (DEPTH + 1), rel=0.1)


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"network": "tower@123abc(height=3)"}, "no program for networks of kind tower@123abc"),
        ({"network": "conv(strided=2, dense=3)"}, "at least 5 layers"),
        ({"norm": "group(groups=3)"}, "cannot divide 8 units"),
        ({"network": "conv", "norm": "own"}, "what Own() is on images is not known"),
    ],
    ids=str,
)
def test_where_there_is_no_program_that_is_said(cards, axes, said):
    configuration = {"network": "mlp", "init": "xavier", "activation": "tanh", "norm": "none", "optimizer": "sgd"}
    numbers = {"lr": 0.1, "depth": 4, "width": 8, "batch_size": 8}
    own = {"kind": "normalization", "name": "own", "snippet": "Own()", "parameters": ""}
    with pytest.raises(programs.NoProgram, match=re.escape(said)):
        programs.program(pd.concat([cards, pd.DataFrame([own])]), configuration | numbers | axes)


def test_every_network_that_trains_has_a_program():
    assert {network.name for network in networks} == set(KINDS)
