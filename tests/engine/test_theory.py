"""Theory against closed forms, against the lecture's numbers, and against simulated networks."""

from math import asin, exp, pi, sqrt

import numpy as np
import pytest
import torch

from engine.activations import activations
from engine.studies.propagation import Propagation, PropagationCell
from engine.theory.gaussian import expectation
from engine.theory.maps import length, mean, slope
from engine.theory.prediction import Setting, predict

TANH, RELU = activations.parse("tanh"), activations.parse("relu")


def plain(activation, weight_std, dims, bias_std=0.0):
    """Return the prediction for a network without normalization, on inputs of second moment 1."""
    biases = (bias_std,) * len(weight_std)
    return predict(Setting(activation, None, 0.0, tuple(weight_std), biases, tuple(dims), batch=64))


VARIANCES = [1e-6, 0.01, 0.3, 1.0, 4.0, 100.0, 1e6]


@pytest.mark.parametrize("q", VARIANCES)
@pytest.mark.parametrize("power", range(7))
def test_moments_of_the_gaussian(q, power):
    odd = power % 2
    truth = 0.0 if odd else float(np.prod(np.arange(1, power, 2))) * q ** (power / 2)
    assert expectation(lambda z: z**power, q) == pytest.approx(truth, rel=1e-12, abs=1e-12 * q ** (power / 2))


@pytest.mark.parametrize("q", VARIANCES)
def test_rectifiers_are_exact(q):
    assert length(RELU, q) == pytest.approx(q / 2, rel=1e-12)
    assert slope(RELU, q) == pytest.approx(0.5, rel=1e-12)
    assert mean(RELU, q) == pytest.approx(sqrt(q / (2 * pi)), rel=1e-12)
    leaky = activations.parse("leaky_relu(slope=0.3)")
    assert length(leaky, q) == pytest.approx(q * 1.09 / 2, rel=1e-12)
    assert slope(leaky, q) == pytest.approx(1.09 / 2, rel=1e-12)


@pytest.mark.parametrize("q", VARIANCES)
def test_smooth_closed_forms(q):
    assert expectation(lambda z: torch.erf(z) ** 2, q) == pytest.approx(2 / pi * asin(2 * q / (1 + 2 * q)), rel=1e-9)
    assert expectation(lambda z: 4 / pi * torch.exp(-2 * z * z), q) == pytest.approx(4 / pi / sqrt(1 + 4 * q), rel=1e-9)
    if q <= 4:
        assert expectation(lambda z: torch.sin(z) ** 2, q) == pytest.approx((1 - exp(-2 * q)) / 2, rel=1e-9)


@pytest.mark.parametrize("q", [0.01, 0.5, 1.0, 4.0, 1000.0])
def test_gelu_has_the_mean_of_its_closed_form(q):
    # E z Φ(z) = q E φ(z) by Stein's lemma, and the density's expectation is that of a Gaussian of variance 1 + q.
    assert mean(activations.parse("gelu"), q) == pytest.approx(q / sqrt(2 * pi * (1 + q)), rel=1e-9)


@pytest.mark.parametrize("text", ["tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("q", [0.01, 1.0, 25.0])
def test_smooth_activations_agree_with_a_fine_sum(text, q):
    activation = activations.parse(text)
    u = torch.linspace(-12, 12, 2_000_001, dtype=torch.float64)
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


@pytest.mark.parametrize("activation", ["linear", "sigmoid", "tanh", "relu", "leaky_relu(slope=0.1)", "gelu"])
@pytest.mark.parametrize("init", ["xavier", "kaiming", "torch_default", "xavier_uniform"])
def test_simulated_networks_agree_with_their_prediction(activation, init):
    """Wide, shallow and with many examples, so that finite-width scatter is small; over seeds, four standard errors."""
    seeds = 8
    cells = [
        PropagationCell(init=init, activation=activation, width=1024, depth=3, batch_size=64, seed=seed)
        for seed in range(seeds)
    ]
    layers = []
    for cell in cells:
        table = Propagation().run([cell], torch.device("cpu"), lambda share: None).tables["layers"].to_pandas()
        layers.append(table[["std", "grad_rms", "theory_std", "theory_grad_rms"]].to_numpy(np.float64))
    layers = np.stack(layers)
    for measured, predicted in ((0, 2), (1, 3)):
        ratio = layers[:, :, measured] / layers[:, :, predicted] - 1
        error = ratio.std(0, ddof=1) / seeds**0.5
        # The relative bias at finite width is of order 1/width.
        assert (np.abs(ratio.mean(0)) < 5 * error + 3 / 1024).all(), ratio.mean(0) / error
