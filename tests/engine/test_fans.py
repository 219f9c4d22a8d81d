"""Every initializer on every kind of layer: the variance declared, PyTorch's orthogonal matrices, the fan-in."""

import pytest
import torch
from torch import nn

from goldilocks.engine.activations import activations
from goldilocks.engine.initial import initialize
from goldilocks.engine.initializers import initializers
from goldilocks.engine.initializers.noise import weight_noise
from goldilocks.engine.networks.backbone import fans_of, reinitialize
from goldilocks.engine.networks.backbone_trial import DRAWN
from goldilocks.engine.training.cell import TrainingCell
from tests.device import DEVICE
from tests.engine.members import INITIALIZERS
from tests.engine.test_initializers import KURTOSIS

RELU = activations.parse("relu")
LAYERS = {
    "linear": lambda: nn.Linear(30, 50),
    "first": lambda: nn.Conv2d(3, 64, 7, stride=2, padding=3),
    "pointwise": lambda: nn.Conv2d(64, 16, 1),
    "wide filter": lambda: nn.Conv2d(8, 32, 5, dilation=2),
    "oblong": lambda: nn.Conv2d(8, 32, (3, 5)),
    "sequence": lambda: nn.Conv1d(24, 16, 3),
    "volume": lambda: nn.Conv3d(4, 8, 3),
    "grouped": lambda: nn.Conv2d(32, 64, 3, groups=4),
    "depthwise": lambda: nn.Conv2d(64, 64, 3, groups=64),
    "depthwise, multiplied": lambda: nn.Conv2d(16, 64, 3, groups=16),
    "transposed": lambda: nn.ConvTranspose2d(64, 32, 3),
    "transposed, narrowing": lambda: nn.ConvTranspose2d(16, 128, 4, stride=2),
    "transposed, filter smaller than stride": lambda: nn.ConvTranspose2d(32, 16, 2, stride=3),
    "transposed, uneven": lambda: nn.ConvTranspose2d(64, 32, 3, stride=2),
    "transposed, oblong": lambda: nn.ConvTranspose2d(32, 24, (4, 3), stride=(2, 1)),
    "transposed, grouped": lambda: nn.ConvTranspose2d(32, 64, 4, stride=2, groups=4),
    "transposed sequence": lambda: nn.ConvTranspose1d(48, 16, 4, stride=4),
    "transposed volume": lambda: nn.ConvTranspose3d(8, 6, 2, stride=2),
}
# Positions of the output that see no border.
SIDE = 24


def test_every_layer_of_torch_that_is_drawn_is_listed():
    """Connections in `torch.nn` that transfer gives new weights, of every dimension, whole, grouped and transposed."""
    kinds = {kind for kind in vars(nn).values() if isinstance(kind, type) and issubclass(kind, DRAWN)}
    drawn_here = {type(make()) for make in LAYERS.values()}
    assert {kind for kind in kinds if not issubclass(kind, nn.modules.lazy.LazyModuleMixin)} == drawn_here


def drawn(init, layer, seed=0):
    """Return the layer with weights as `scratch` gives them to a backbone."""
    body = nn.Sequential(layer)
    reinitialize(body, lambda name, fans, shape: weight_noise(seed, name, shape, init.family) * init.scale(fans, RELU))
    return body[0]


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("init", INITIALIZERS, ids=str)
def test_weights_have_the_variance_declared(init, make):
    layer = drawn(init, make())
    declared, entries = init.scale(fans_of(layer), RELU), layer.weight.numel()
    slack = 5 * ((KURTOSIS[init.family] - 1) / (4 * entries)) ** 0.5 + 1e-5
    assert layer.weight.double().square().mean().sqrt().item() == pytest.approx(declared, rel=slack)


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("gain", [1, 0.3])
def test_orthogonal_is_torchs(make, gain):
    layer = drawn(initializers.parse(f"orthogonal(gain={gain})"), make())
    weight = layer.weight.detach()
    ours = torch.linalg.svdvals(weight.double().flatten(1))
    theirs = torch.linalg.svdvals(nn.init.orthogonal_(torch.empty_like(weight), gain).double().flatten(1))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=0)
    assert float(ours.max()) == pytest.approx(gain, rel=1e-5)


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_a_layer_keeps_the_variance_of_its_inputs(make):
    """With variance 1/fan_in, whatever the connection: the squared weights that a unit sees add up to one."""
    layer = drawn(initializers.parse("xavier"), make())
    assert fans_of(layer).fan_in == fans_of(make()).fan_in
    entries = layer.weight.numel()
    with torch.no_grad():
        layer.weight.square_()
        nn.init.zeros_(layer.bias)
        groups, dims = getattr(layer, "groups", 1), layer.weight.ndim - 2
        channels = len(layer.weight) if getattr(layer, "transposed", False) else layer.weight.shape[1] * groups
        variance = layer(torch.ones(1, channels, *[SIDE] * dims))
    strides = getattr(layer, "stride", ())
    for dim in range(dims):
        # Whole strides, away from the border.
        away, whole = variance.shape[2 + dim] // 3, strides[dim] if getattr(layer, "transposed", False) else 1
        variance = variance.narrow(2 + dim, away, max(1, away // whole) * whole)
    assert variance.mean().item() == pytest.approx(1, rel=5 * (2 / entries) ** 0.5)


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_a_layer_keeps_the_variance_of_its_gradients(make):
    """With variance 1/fan_out, the squared weights that an input feeds add up to one where no stride passes it over."""
    body = nn.Sequential(make())
    reinitialize(body, lambda name, fans, shape: weight_noise(0, name, shape, "normal") * fans.fan_out**-0.5)
    layer = body[0]
    entries, groups, dims = layer.weight.numel(), getattr(layer, "groups", 1), layer.weight.ndim - 2
    transposed = getattr(layer, "transposed", False)
    channels = len(layer.weight) if transposed else layer.weight.shape[1] * groups
    inputs = torch.ones(1, channels, *[SIDE] * dims, requires_grad=True)
    with torch.no_grad():
        layer.weight.square_()
    (variance,) = torch.autograd.grad(layer(inputs).sum(), inputs)
    passed_over = 1
    for dim in range(dims):
        variance = variance.narrow(2 + dim, SIDE // 3, SIDE // 3)
        passed_over *= 1 if transposed else layer.stride[dim]
    assert variance.mean().item() * passed_over == pytest.approx(1, rel=5 * (2 / entries) ** 0.5)


@pytest.mark.parametrize("dataset", ["fashion-small", "digits-28"])
def test_the_engines_convolutions_are_orthogonal_as_torchs(dataset):
    network = "conv(strided=1, dense=1)"
    cell = TrainingCell(
        network=network, dataset=dataset, init="orthogonal", activation="relu", width=8, depth=4, lr=0.1, batch_size=8,
        steps=1,
    )  # fmt: skip
    for affine in initialize([cell], cell.dataset.classes, DEVICE).affines():
        values = torch.linalg.svdvals(affine.weight[0].double())
        torch.testing.assert_close(values, torch.ones_like(values), rtol=1e-5, atol=0)
