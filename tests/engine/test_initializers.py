"""Every initializer has the variance it declares, for square and for rectangular matrices."""

import numpy as np
import pytest
import torch

from engine.activations import activations
from engine.initializers import Fans
from engine.initializers.noise import bias_noise, weight_noise
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
    "kaiming_slip": lambda i, o: (i / 2) ** 0.5,
    "torch_default": lambda i, o: (1 / (3 * i)) ** 0.5,
    "orthogonal": lambda i, o: max(i, o) ** -0.5,
    "lsuv": lambda i, o: max(i, o) ** -0.5,
    "lecun_normal": lambda i, o: i**-0.5,
    "truncated_normal": lambda i, o: 0.2,
    "critical": lambda i, o: (2 / i) ** 0.5,
}
# Relative standard error of an rms over n entries is √((kurtosis − 1)/4n).
KURTOSIS = {"normal": 3.0, "truncated": 2.37, "uniform": 1.8, "ones": 1.0, "orthogonal": 3.0}
# Members whose entries are drawn independently.
INDEPENDENT = [i for i in INITIALIZERS if i.centred and i.family != "orthogonal" and i.name != "zeros"]


def weights(init, shape, seed=0):
    return weight_noise(seed, 1, shape, init.family) * init.scale(Fans(*shape), RELU)


def rms_error(init, shape, scale=1.0):
    """Return the relative deviation from the literature, in standard errors."""
    entries = shape[0] * shape[1]
    expected = LITERATURE[init.name](*shape)
    measured = weights(init, shape).double().square().mean().sqrt().item() * scale
    standard_error = max(((KURTOSIS[init.family] - 1) / (4 * entries)) ** 0.5, 1e-6)
    return abs(measured - expected) / (expected or 1) / standard_error


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("init", [i for i in INITIALIZERS if i.family != "orthogonal"], ids=str)
def test_the_root_mean_square_is_the_literatures(init, shape):
    assert rms_error(init, shape) < 4


@pytest.mark.parametrize("init", INDEPENDENT, ids=str)
def test_a_gain_off_by_half_a_percent_would_be_caught(init):
    assert rms_error(init, SHAPES[0], scale=1.005) > 4


@pytest.mark.parametrize("name", ["xavier", "kaiming", "torch_default", "kaiming_slip"])
def test_swapped_fans_would_be_caught(name):
    init = next(i for i in INITIALIZERS if i.name == name)
    fan_in, fan_out = SHAPES[0]
    assert abs(init.scale(Fans(fan_out, fan_in), RELU) / LITERATURE[name](fan_in, fan_out) - 1) > 0.4


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
