"""Bands hold the share of networks that they claim, and where they would not there is none."""

import re
from fractions import Fraction
from importlib import resources

import numpy as np
import pytest

from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.predictions import bands
from goldilocks.engine.predictions.feedforward import predict
from tests.breadth import each_member, few
from tests.engine.signals import measure
from tests.engine.test_theory import plain, setting
from tests.pairs import in_rounds
from tests.simulations.coverage import coverage, within


def test_deep_relu_networks_are_log_normal_around_their_prediction():
    layers = measure(20, ["kaiming"], ["relu"], depth=24, width=32, batch_size=2)
    inside = within(layers, "std")
    # Layers of one network go together: some dozens of independent numbers.
    assert 0.85 < inside.mean() < 0.99
    deep = layers[layers["layer"] > 15]
    theory, band = (deep[name].astype(float) for name in ("theory_std", "theory_std_band"))
    assert band.min() > 0.5
    symmetric = (deep["std"] - theory).abs() <= 1.96 * band * theory
    assert (deep["std"] < theory * np.exp(-(band**2) - 1.96 * band)).mean() < 0.08
    # A band around the prediction itself would reach below zero and so never be left downwards.
    assert (theory * (1 - 1.96 * band) < 0).any()
    assert symmetric.mean() != inside[deep.index].mean()


@pytest.mark.parametrize(("batch", "width", "depth"), [(16, 128, 6), (64, 64, 3), (48, 192, 3), (10, 120, 3)])
def test_with_batch_norm_there_is_a_band_where_it_holds_and_none_beyond(batch, width, depth):
    layers = measure(12, ["kaiming"], ["relu", "tanh"], ["batch"], depth=depth, width=width, batch_size=batch)
    reached = layers["layer"] * batch / width
    assert layers["theory_std_band"].notna().equals((reached <= bands.STRAIN) | (layers["layer"] == 1))
    predicted = (depth * batch / width <= bands.STRAIN) | (layers["layer"] == depth)
    for column in ("theory_grad_rms", "theory_grad_band"):
        assert layers[column].notna().equals(predicted)
    assert layers["theory_weight_grad_rms"].notna().all() == (depth * batch / width <= bands.STRAIN)
    # A dozen networks: their layers go together.
    assert within(layers, "std").mean() > 0.8
    assert layers["theory_std"].notna().all()


@pytest.mark.parametrize(
    ("norm", "init"), each_member(in_rounds(["batch", "layer", "rms"], ["kaiming", "normal(std=0.01)"]))
)
def test_of_linear_networks_with_a_normalization_the_band_is_narrow_but_not_empty(init, norm):
    layers = measure(12, [init], ["linear"], [norm], depth=3, width=128, batch_size=10)
    assert (layers["theory_std_band"] > 0).all()
    assert (layers["theory_std_band"] < 0.01).all()
    assert within(layers, "std").mean() > 0.75


def test_of_few_examples_the_gradient_with_batch_norm_has_no_band():
    for batch, known in ((8, False), (9, False), (10, True)):
        layers = measure(1, ["kaiming"], ["relu"], ["batch"], depth=2, width=128, batch_size=batch)
        assert layers["theory_grad_band"].notna().all() == known


def test_where_deviations_do_not_grow_in_proportion_there_is_no_band():
    """GELU at σw² = 2: narrow networks go to one side or the other of a fixed point that repels."""
    relu, gelu = ([plain_band(name, width) for width in (64, 4096)] for name in ("relu", "gelu"))
    assert all(None not in found for found in relu)
    assert None in gelu[0]
    assert gelu[0].index(None) > 3
    assert None not in gelu[1][:20]


def plain_band(name, width):
    from goldilocks.engine.activations import activations

    one = setting(activations.parse(name), [(2 / width) ** 0.5] * 30, [width] * 31, batch=1)
    return [layer.std_band for layer in predict(one)]


@pytest.mark.essential("bands of the gradients of weights are held against simulations here alone")
@pytest.mark.parametrize("norm", few(["none", "layer", "rms", "group(groups=4)", "batch"], 2))
def test_the_gradient_of_the_weights_is_predicted(norm):
    layers = measure(6, ["kaiming", "xavier"], ["relu", "tanh", "gelu"], [norm], depth=3, width=192, batch_size=16)
    squares = layers.assign(
        ratio=(layers["weight_grad_rms"].astype(float) / layers["theory_weight_grad_rms"].astype(float)) ** 2
    )
    ratios = squares.groupby(["init", "activation", "layer"])["ratio"].mean() ** 0.5
    # Like that of the activations it scatters by its band, and is off by some 1/n per layer.
    allowed = 4 * layers["theory_grad_band"].max() / 6**0.5 + 0.05
    assert (ratios - 1).abs().max() < allowed


def test_a_band_of_the_wrong_width_is_caught(monkeypatch):
    layers = measure(12, ["kaiming"], ["relu"], ["none", "layer"], depth=6, width=48, batch_size=8)
    assert (coverage(layers)[["std", "gradient"]] > 0.8).all(axis=None)
    for factor in (0.4, 0.5):
        narrow = layers.assign(theory_std_band=layers["theory_std_band"] * factor)
        assert (coverage(narrow)["std"] < 0.8).all()


def test_the_strain_of_layers_of_different_width_adds_up():
    known = setting(plain.__globals__["RELU"], [0.1] * 3, [50, 64, 128, 32], batch=8)
    assert bands.near_limit(known) == [True, True, False]


def test_what_is_said_of_the_limit_of_batch_norms_bands_is_the_limit():
    limit = str(Fraction(bands.STRAIN))
    script = resources.files("goldilocks.store.schema").joinpath("006_trustworthy_results.sql").read_text()
    said = re.findall(r"sum of batch_size / width [^;']*? exceeds ([\d/]+)", script)
    assert said == [limit, limit]
    assert {"1/4": "one quarter", "1/2": "one half"}[limit] in normalizations.parse("batch").card.notes
