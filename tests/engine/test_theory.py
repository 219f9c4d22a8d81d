"""Theory against closed forms and the lecture's numbers; every oracle is written here from its formula."""

from math import acos, asin, exp, pi, sinh, sqrt

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from goldilocks.engine.activations import activations
from goldilocks.engine.predictions.description import NetworkDescription
from goldilocks.engine.predictions.feedforward import predict
from goldilocks.engine.predictions.inputs import InputStatistics
from goldilocks.engine.theory import gaussian
from goldilocks.engine.theory.correlation import correlated_slopes, correlation_map
from goldilocks.engine.theory.gaussian import expectation
from goldilocks.engine.theory.maps import length, length_slope, mean, slope, variance
from tests.engine.members import ACTIVATIONS
from tests.oracles.length_map import length_map

TANH, RELU = activations.parse("tanh"), activations.parse("relu")


def setting(activation, weight_std, dims, bias_std=0.0, batch=64):
    """Return a network without normalization, on Gaussian inputs."""
    biases = (bias_std,) * len(weight_std)
    inputs = InputStatistics.gaussian(batch, dims[0])
    return NetworkDescription(activation, None, 0.0, tuple(weight_std), biases, tuple(dims), batch, inputs)


def plain(activation, weight_std, dims, bias_std=0.0):
    """Return the prediction for a network without normalization."""
    return predict(setting(activation, weight_std, dims, bias_std))


VARIANCES = [1e-6, 0.01, 0.3, 1.0, 4.0, 100.0, 1e6]


@pytest.mark.parametrize("q", VARIANCES)
@pytest.mark.parametrize("power", range(7))
def test_moments_of_the_gaussian(q, power):
    odd = power % 2
    truth = 0.0 if odd else float(np.prod(np.arange(1, power, 2))) * q ** (power / 2)
    assert expectation(lambda z: z**power, q) == pytest.approx(truth, rel=1e-12, abs=1e-12 * q ** (power / 2))


def elu_moments(q, alpha=1.0, scale=1.0):
    """Return V, D and M of scale·ELU: half a Gaussian, and exponentials of the other half."""
    double, single = exp(2 * q) * ndtr(-2 * sqrt(q)), exp(q / 2) * ndtr(-sqrt(q))
    v = q / 2 + alpha**2 * (double - 2 * single + 0.5)
    return scale**2 * v, scale**2 * (0.5 + alpha**2 * double), scale * (sqrt(q / (2 * pi)) + alpha * (single - 0.5))


def gelu_kernel(q, c):
    """Return E φ(z_a)φ(z_b), by Stein's lemma from E Φ(z_a)Φ(z_b) and the density at 0 of a wider Gaussian."""
    normal = 0.25 + asin(q * c / (1 + q)) / (2 * pi)
    density = 1 / (2 * pi * sqrt((1 + q) ** 2 - (q * c) ** 2))
    return q * c * normal + density * (q * q * (1 + c * c) - 2 * q**3 * c * c / (1 + q))


# V, D, M as functions of q.
CLOSED_FORMS = {
    "linear": lambda q: (q, 1.0, 0.0),
    "relu": lambda q: (q / 2, 0.5, sqrt(q / (2 * pi))),
    "leaky_relu(slope=0.3)": lambda q: (q * 1.09 / 2, 1.09 / 2, 0.7 * sqrt(q / (2 * pi))),
    "erf": lambda q: (2 / pi * asin(2 * q / (1 + 2 * q)), 4 / pi / sqrt(1 + 4 * q), 0.0),
    "sin": lambda q: ((1 - exp(-2 * q)) / 2, (1 + exp(-2 * q)) / 2, 0.0),
    "gelu": lambda q: (gelu_kernel(q, 1.0), None, q / sqrt(2 * pi * (1 + q))),
    "elu": elu_moments,
    "elu(alpha=0.5)": lambda q: elu_moments(q, 0.5),
    "selu": lambda q: elu_moments(q, 1.6732632423543772, 1.0507009873554805),
}


@pytest.mark.parametrize("q", [1e-6, 0.01, 0.3, 1.0, 4.0, 30.0])
@pytest.mark.parametrize("text", CLOSED_FORMS)
def test_moments_equal_their_closed_forms(text, q):
    activation = activations.parse(text)
    v, d, m = CLOSED_FORMS[text](q)
    # The exponentials of the oracle cancel where q is small.
    slack = {"abs": 1e-14} if "elu" in text and q < 0.1 else {}
    assert length(activation, q) == pytest.approx(v, rel=1e-9, **slack)
    assert mean(activation, q) == pytest.approx(m, rel=1e-9, abs=1e-14)
    if d is not None:
        assert slope(activation, q) == pytest.approx(d, rel=1e-9)


def test_wide_gaussians_see_every_phase_of_the_sine_alike():
    sine = activations.parse("sin")
    for q in (100.0, 1e6, 1e12):
        assert length(sine, q) == pytest.approx(0.5, rel=1e-12)
        assert slope(sine, q) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_the_slope_of_the_length_map_is_its_derivative(activation):
    for q in (0.2, 1.0, 3.0):
        step = 1e-4 * q
        difference = (length(activation, q + step) - length(activation, q - step)) / (2 * step)
        assert length_slope(activation, q) == pytest.approx(difference, rel=1e-6)


def arc_cosine(c):
    return (sqrt(1 - c * c) + (pi - acos(c)) * c) / (2 * pi)


# E φφ and E φ'φ' as functions of q and c.
KERNELS = {
    "linear": lambda q, c: (q * c, 1.0),
    "relu": lambda q, c: (q * arc_cosine(c), (pi - acos(c)) / (2 * pi)),
    "leaky_relu(slope=0.3)": lambda q, c: (
        0.09 * q * c + 0.3 * 0.7 * q * c + 0.49 * q * arc_cosine(c),
        0.09 + 0.3 * 0.7 + 0.49 * (pi - acos(c)) / (2 * pi),
    ),
    "erf": lambda q, c: (
        2 / pi * asin(2 * q * c / (1 + 2 * q)),
        4 / pi / sqrt((1 + 2 * q) ** 2 - (2 * q * c) ** 2),
    ),
    "sin": lambda q, c: (exp(-q) * sinh(q * c), exp(-q) * (exp(q * c) + exp(-q * c)) / 2),
    "gelu": lambda q, c: (gelu_kernel(q, c), None),
}


@pytest.mark.parametrize("c", [-1.0, -0.7, 0.0, 0.3, 0.95, 0.9999, 1.0])
@pytest.mark.parametrize("q", [0.05, 1.0, 50.0])
@pytest.mark.parametrize("text", KERNELS)
def test_correlation_maps_equal_their_closed_forms(text, q, c):
    activation = activations.parse(text)
    kernel, slopes = KERNELS[text](q, c)
    assert correlation_map(activation, q, c) == pytest.approx(kernel, rel=1e-8, abs=1e-13)
    if slopes is not None:
        assert correlated_slopes(activation, q, c) == pytest.approx(slopes, rel=1e-8)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_the_correlation_map_ends_at_the_length_map_and_the_squared_mean(activation):
    assert correlation_map(activation, 1.3, 1.0) == pytest.approx(length(activation, 1.3), rel=1e-12)
    assert correlation_map(activation, 1.3, 0.0) == pytest.approx(mean(activation, 1.3) ** 2, rel=1e-10, abs=1e-15)
    nearly = (1 - 1e-4) * length(activation, 1.3) + 1e-4 * mean(activation, 1.3) ** 2
    assert correlation_map(activation, 1.3, 1 - 1e-4) == pytest.approx(nearly, rel=1e-3)


def test_many_variances_take_one_evaluation_of_the_activation(monkeypatch):
    """The length map to depth 100 is one call per layer, however many networks are followed."""
    calls = []
    monkeypatch.setattr(type(TANH), "__call__", lambda self, z: calls.append(z.shape[0]) or torch.tanh(z))
    weight_variances = np.linspace(0.5, 3, 40)
    found = length_map(TANH, weight_variances, np.full(40, 0.1), np.ones(40), 100)
    assert calls == [40] * 99
    assert found.shape == (100, 40)
    monkeypatch.undo()
    alone = length_map(TANH, np.array([weight_variances[7]]), np.array([0.1]), np.ones(1), 100)
    np.testing.assert_allclose(found[:, 7], alone[:, 0], rtol=1e-13)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_arrays_of_variances_give_what_single_ones_give(activation):
    q = np.array([0.0, 1e-8, 0.3, 1.0, 40.0, 1e5])
    for function in (length, mean, slope):
        alone = [function(activation, float(one)) for one in q]
        np.testing.assert_allclose(function(activation, q), alone, rtol=1e-10, atol=1e-13)
    wanted = length(activation, q) - mean(activation, q) ** 2
    found = variance(activation, q, mean(activation, q))
    np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_more_points_change_nothing(activation, monkeypatch):
    q = np.array([1e-6, 0.1, 1.0, 10.0, 1e4, 1e8])
    coarse = [function(activation, q) for function in (length, mean, slope)]
    monkeypatch.setattr(gaussian, "NODES", 60)
    monkeypatch.setattr(gaussian, "PANELS", 40)
    fine = [function(activation, q) for function in (length, mean, slope)]
    np.testing.assert_allclose(coarse, fine, rtol=1e-9, atol=1e-12)


SMOOTH = [
    activation for activation in ACTIVATIONS if not activation.kinks and activation.name not in ("elu", "softsign")
]


@pytest.mark.parametrize("activation", SMOOTH, ids=str)
@pytest.mark.parametrize("q", [0.01, 1.0, 25.0])
def test_smooth_activations_agree_with_a_fine_sum(activation, q):
    u = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    weight = torch.exp(-u * u / 2)
    weight /= weight.sum()
    z = sqrt(q) * u
    assert length(activation, q) == pytest.approx(float((activation(z) ** 2 * weight).sum()), rel=1e-9)
    assert slope(activation, q) == pytest.approx(float((activation.slope_at(z) ** 2 * weight).sum()), rel=1e-9)


# Standard deviation by layer, width 4096.
LECTURE = [
    (TANH, 0.01, [0.4922, 0.2892, 0.1792, 0.1132, 0.0721, 0.0460]),
    (TANH, 1 / 64, [0.6279, 0.4863, 0.4082, 0.3576, 0.3216, 0.2944]),
    (RELU, 1 / 64, [0.5838 / 2 ** (layer / 2) for layer in range(6)]),
    (RELU, sqrt(2) / 64, [0.8256] * 6),
]


@pytest.mark.parametrize(("activation", "weight_std", "stds"), LECTURE)
def test_the_lectures_numbers_to_the_fourth_digit(activation, weight_std, stds):
    found = plain(activation, [weight_std] * 6, [4096] * 7)
    assert [layer.std for layer in found] == pytest.approx(stds, abs=6e-5)


def test_a_gain_off_by_half_a_percent_would_be_caught():
    found = plain(TANH, [0.01 * 1.005] * 6, [4096] * 7)
    assert abs(found[5].std - 0.0460) > 6e-4


def test_gradients_know_fan_in_from_fan_out():
    """For ReLU g_l = σw²/2 · fan_out/fan_in · g_{l+1}: a bottleneck and a widening tell the two apart."""
    dims, weight_std = [50, 100, 400, 20], [0.1, 0.2, 0.3]
    found = plain(RELU, weight_std, dims)
    assert found[2].grad_rms == 1
    assert found[1].grad_rms == pytest.approx(sqrt(0.3**2 * 20 / 2))
    assert found[0].grad_rms == pytest.approx(found[1].grad_rms * sqrt(0.2**2 * 400 / 2))


def test_biases_add_to_the_variance():
    without, with_bias = (plain(RELU, [0.1], [100, 100], bias)[0].std for bias in (0.0, 1.0))
    assert with_bias == pytest.approx(without * sqrt(2))


def test_what_is_not_finite_stays_so():
    assert np.isnan(expectation(lambda z: z, float("inf")))
    assert np.isnan(expectation(lambda z: z, np.array([1.0, np.nan]))).tolist() == [False, True]


def test_inputs_of_different_length_are_predicted_one_by_one():
    """Two groups of tanh inputs, one short and one long, are not one group of medium ones."""
    x = np.concatenate([np.full((8, 20), 0.1), np.full((8, 20), 3.0)])
    inputs = InputStatistics.measured(x)
    assert sorted(set(np.round(inputs.second_moments, 12))) == [0.01, 9.0]
    assert inputs.second_moment == pytest.approx(4.505)
    found = predict(NetworkDescription(TANH, None, 0.0, (20**-0.5,), (0.0,), (20, 30), 16, inputs))
    assert found[0].std == pytest.approx(sqrt((length(TANH, 0.01) + length(TANH, 9.0)) / 2))


@pytest.mark.parametrize(("name", "gain", "per_layer"), [("relu", 2.0, 5.0), ("linear", 1.0, 2.0)])
def test_one_example_strays_as_the_finite_width_law_says(name, gain, per_layer):
    """With one input E q̂² / (E q̂)² grows by 1 + 5/n per layer for ReLU, by 1 + 2/n for linear networks."""
    width, depth = 100_000, 20
    one = setting(activations.parse(name), [(gain / width) ** 0.5] * depth, [width] * (depth + 1), batch=1)
    # The mean square has twice the relative deviation of the rms.
    variances = np.array([(2 * layer.std_band) ** 2 for layer in predict(one)])
    np.testing.assert_allclose(np.diff(variances) * width, per_layer, rtol=1e-3)


def test_gradients_of_one_example_stray_alike():
    """For ReLU 5/n per layer backwards as well, beside the 2/n of the gradient that is put in."""
    width, depth = 100_000, 20
    one = setting(RELU, [(2 / width) ** 0.5] * depth, [width] * (depth + 1), batch=1)
    variances = np.array([(2 * layer.grad_band) ** 2 for layer in predict(one)])[::-1]
    assert variances[0] == pytest.approx(2 / width)
    np.testing.assert_allclose(np.diff(variances) * width, 5.0, rtol=1e-3)
