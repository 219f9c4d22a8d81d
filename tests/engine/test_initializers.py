"""Every initializer has the variance it declares, for square and for rectangular matrices."""

from functools import lru_cache

import numpy as np
import pytest
import torch

from goldilocks.engine.activations import activations
from goldilocks.engine.initial import calibrate
from goldilocks.engine.initializers import Fans, initializers
from goldilocks.engine.initializers.noise import bias_noise, weight_noise
from goldilocks.engine.networks.affine import BatchedAffine
from goldilocks.engine.networks.base import HiddenLayer
from goldilocks.engine.networks.mlp import Mlp
from goldilocks.engine.normalizations.none import NoNormalization
from tests.engine.members import INITIALIZERS

# More than four million entries each; fan_in and fan_out differ by a factor, so that they cannot be swapped unseen.
SHAPES = [(4096, 1024), (1024, 4096)]
RELU = activations.parse("relu")
# Root mean square that the literature states, as a function of the fans; written again here, on purpose.
LITERATURE = {
    "zeros": lambda i, o: 0.0,
    "constant": lambda i, o: 0.05,
    "normal": lambda i, o: 0.2,
    "uniform": lambda i, o: 0.3 / 3**0.5,
    "xavier": lambda i, o: i**-0.5,
    "xavier_normal": lambda i, o: (2 / (i + o)) ** 0.5,
    "xavier_uniform": lambda i, o: (2 / (i + o)) ** 0.5,
    "kaiming": lambda i, o: (2 / i) ** 0.5,
    "kaiming_normal": lambda i, o: (2 / i) ** 0.5,
    "kaiming_uniform": lambda i, o: (2 / i) ** 0.5,
    "xavier_channels": lambda i, o: i**-0.5,
    "kaiming_channels": lambda i, o: (2 / i) ** 0.5,
    "kaiming_slip": lambda i, o: (i / 2) ** 0.5,
    "torch_default": lambda i, o: (1 / (3 * i)) ** 0.5,
    "orthogonal": lambda i, o: max(i, o) ** -0.5,
    "lsuv": lambda i, o: max(i, o) ** -0.5,
    "lecun_normal": lambda i, o: i**-0.5,
    "truncated_normal": lambda i, o: 0.2,
    "critical": lambda i, o: (2 / i) ** 0.5,
    "mean_field": lambda i, o: (1 / i) ** 0.5,
}
# Relative standard error of an rms over n entries is √((kurtosis − 1)/4n); that of an orthogonal matrix is exact.
KURTOSIS = {"normal": 3.0, "truncated": 2.37, "uniform": 1.8, "ones": 1.0, "orthogonal": 1.0}
# Members whose entries are drawn independently.
INDEPENDENT = [i for i in INITIALIZERS if i.centred and i.family != "orthogonal" and i.name != "zeros"]


@lru_cache(maxsize=4)
def noise(seed, shape, family):
    """Return base noise; large orthogonal matrices take seconds."""
    return weight_noise(seed, 1, shape, family)


def weights(init, shape, seed=0):
    return noise(seed, shape, init.family) * init.scale(Fans(*shape), RELU)


def rms_error(init, shape, scale=1.0):
    """Return the relative deviation from the literature, in standard errors."""
    entries = shape[0] * shape[1]
    expected = LITERATURE[init.name](*shape)
    measured = weights(init, shape).double().square().mean().sqrt().item() * scale
    standard_error = max(((KURTOSIS[init.family] - 1) / (4 * entries)) ** 0.5, 1e-6)
    return abs(measured - expected) / (expected or 1) / standard_error


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("init", INITIALIZERS, ids=str)
def test_the_root_mean_square_is_the_literatures(init, shape):
    assert rms_error(init, shape) < 4


@pytest.mark.parametrize("init", INDEPENDENT, ids=str)
def test_a_gain_off_by_half_a_percent_would_be_caught(init):
    assert rms_error(init, SHAPES[0], scale=1.005) > 4


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("init", INITIALIZERS, ids=str)
def test_fan_in_and_fan_out_are_told_apart(init, shape):
    """Whoever depends on one fan alone declares another scale for the transposed shape, and the suite would see it."""
    given, swapped = LITERATURE[init.name](*shape), LITERATURE[init.name](*shape[::-1])
    assert init.scale(Fans(*shape), RELU) == pytest.approx(given, rel=1e-12)
    if given != swapped:
        assert abs(swapped / given - 1) > 0.4


def test_the_other_mode_of_kaiming_is_fan_out():
    for name in ("kaiming_normal", "kaiming_uniform"):
        assert initializers.parse(f'{name}(mode="fan_out")').scale(Fans(30, 50), RELU) == pytest.approx((2 / 50) ** 0.5)


@pytest.mark.parametrize("init", INDEPENDENT, ids=str)
def test_entries_are_centred_and_uncorrelated(init):
    w = weights(init, SHAPES[0]).double() / LITERATURE[init.name](*SHAPES[0])
    entries = w.numel()
    assert abs(w.mean().item()) < 4 / entries**0.5
    assert abs((w[:-1] * w[1:]).mean().item()) < 4.5 / entries**0.5


@pytest.mark.parametrize("shape", [(48, 48), (64, 24), (24, 64)], ids=str)
def test_orthogonal_matrices_have_singular_values_equal_to_the_gain(shape):
    init = next(i for i in INITIALIZERS if i.name == "orthogonal")
    assert torch.linalg.svdvals(weights(init, shape).double()).sub(1).abs().max() < 1e-5


def test_orthogonal_matrices_have_no_preferred_direction():
    traces = [weight_noise(seed, 1, (16, 16), "orthogonal").trace().item() / 4 for seed in range(400)]
    # The trace of a uniform orthogonal matrix has mean 0 and variance 1.
    assert abs(np.mean(traces)) < 4 / 20
    assert abs(np.var(traces) - 1) < 4 * (2 / 400) ** 0.5


def test_only_torch_default_has_random_biases():
    for init in INITIALIZERS:
        expected = (1 / 300) ** 0.5 if init.name == "torch_default" else 0.0
        assert init.bias_scale(Fans(100, 50), RELU) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "variance"), [("mean_field(bias_variance=0.3)", 0.3), ("critical", 0.15096464937855293)]
)
def test_normal_biases_have_the_variance_declared(text, variance):
    init, count = initializers.parse(text), 1 << 22
    biases = bias_noise(3, 1, count, init.bias_family).double() * init.bias_scale(
        Fans(8, count), activations.parse("tanh")
    )
    assert abs(biases.square().mean().item() / variance - 1) < 4 * (2 / count) ** 0.5


def test_truncated_draws_are_cut_at_two_and_corrected_for_it():
    init = initializers.parse("truncated_normal(std=0.2)")
    drawn = weights(init, SHAPES[0])
    # The correction that the card states.
    stated = float(init.card.formula.split("/")[1].split(",")[0])
    assert drawn.abs().max() == pytest.approx(0.2 * 2 / stated, rel=1e-4)
    assert stated == pytest.approx(torch.nn.init.trunc_normal_(torch.empty(1 << 22), a=-2, b=2).std().item(), rel=2e-3)


@pytest.mark.parametrize("shape", [(48, 96), (96, 48)], ids=str)
def test_lsuv_gives_every_affine_map_unit_variance_layer_by_layer(shape):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 64, shape[0], generator=generator)
    init = initializers.parse("lsuv")
    fans = [Fans(*shape), Fans(shape[1], 40)]
    affines = [
        BatchedAffine(
            torch.stack([weight_noise(seed, layer, (fan.fan_in, fan.fan_out), init.family) for seed in (0, 1)])
            * init.scale(fan, RELU),
            torch.zeros(2, 1, fan.fan_out),
        )
        for layer, fan in enumerate(fans, 1)
    ]
    before = [affine.weight.clone() for affine in affines]
    hidden = [HiddenLayer(affine, RELU, NoNormalization()) for affine in affines]
    calibrate(Mlp(), hidden, x, torch.tensor([True, False]))
    h = x
    for affine, weight in zip(affines, before, strict=True):
        z = affine.forward(h)
        assert z[0].std(correction=0) == pytest.approx(1, rel=1e-5)
        # One factor for the whole matrix, and nothing done to a configuration that did not ask.
        ratio = affine.weight[0] / weight[0]
        assert ratio.std() < 1e-5 * ratio.mean()
        assert torch.equal(affine.weight[1], weight[1])
        h = torch.relu(z)


def test_torch_default_is_what_torch_does():
    linear = torch.nn.Linear(1024, 4096)
    init = next(i for i in INITIALIZERS if i.name == "torch_default")
    ours = weights(init, (1024, 4096))
    assert ours.abs().max() == pytest.approx(linear.weight.abs().max().item(), rel=1e-4)
    assert ours.std() == pytest.approx(linear.weight.std().item(), rel=2e-3)


def test_schemes_of_a_family_share_their_draws_whatever_the_neighbours():
    shape = (64, 32)
    by_name = {init.name: weights(init, shape, seed=4) for init in INITIALIZERS}
    ratio = by_name["kaiming"] / by_name["xavier"]
    assert torch.allclose(ratio, torch.full_like(ratio, 2**0.5))
    assert torch.equal(bias_noise(4, 1, 32), bias_noise(4, 1, 32))


def test_seed_layer_and_shape_each_change_the_draws():
    base = weight_noise(0, 1, (8, 8), "normal")
    for other in (weight_noise(1, 1, (8, 8), "normal"), weight_noise(0, 2, (8, 8), "normal")):
        assert not torch.equal(base, other)
    assert not torch.equal(base.ravel()[:32], weight_noise(0, 1, (4, 8), "normal").ravel())
