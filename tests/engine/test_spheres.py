"""Normalization in theory: gradient growth against closed forms, and expectations over spheres against samples."""

from dataclasses import astuple
from math import acos, isnan, pi, sqrt

import numpy as np
import pytest
import torch

from goldilocks.engine.activations import activations
from goldilocks.engine.theory.maps import length, mean, slope
from goldilocks.engine.theory.spheres import Passage, Sphere, passage
from tests.breadth import each_member
from tests.engine.members import ACTIVATIONS
from tests.pairs import in_rounds

WIDE = 200_000


def growth(activation, sphere):
    """Return the factor on the squared gradient per layer, in the middle of a deep network."""
    through = passage(activation, sphere)
    if not sphere.over_batch:
        return through.first / through.second_moment
    return through.later / (through.second_moment - through.shared)


def over_batch(batch):
    return Sphere(batch, centred=True, over_batch=True)


@pytest.mark.parametrize(("name", "squared"), [("relu", 1.467), ("tanh", 1.178), ("gelu", 1.319), ("linear", 1.0)])
def test_large_batches_grow_as_the_literature_says(name, squared):
    assert growth(activations.parse(name), over_batch(WIDE)) == pytest.approx(squared, abs=5e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_large_batches_grow_by_the_slope_over_the_variance(activation):
    expected = slope(activation, 1.0) / (length(activation, 1.0) - mean(activation, 1.0) ** 2)
    assert growth(activation, over_batch(WIDE)) == pytest.approx(expected, rel=1e-4)


def test_relu_with_batch_norm_grows_by_pi_over_pi_minus_one():
    assert growth(activations.parse("relu"), over_batch(10 * WIDE)) == pytest.approx(pi / (pi - 1), rel=1e-5)
    assert sqrt(pi / (pi - 1)) == pytest.approx(1.211, abs=5e-4)


@pytest.mark.parametrize("batch", [4, 5, 8, 16, 64, 512])
def test_finite_batches_follow_their_closed_forms(batch):
    c = -1 / (batch - 1)
    kernel = (sqrt(1 - c * c) + (pi - acos(c)) * c) / pi
    slopes = 1 - acos(c) / pi
    relu = ((batch - 1 + slopes) / (1 - kernel) - 1) / (batch - 3)
    # Three dimensions leave square-root edges, which quadrature resolves to the sixth digit.
    assert growth(activations.parse("relu"), over_batch(batch)) == pytest.approx(relu, rel=1e-6 if batch == 4 else 1e-9)
    assert growth(activations.parse("linear"), over_batch(batch)) == pytest.approx((batch - 2) / (batch - 3), rel=1e-9)


def test_in_the_smallest_batches_the_gradient_has_no_expectation():
    for batch in (2, 3):
        through = passage(activations.parse("tanh"), over_batch(batch))
        assert isnan(through.first)
        assert isnan(through.later)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_layer_norm_grows_by_the_slope_over_the_second_moment(activation):
    expected = slope(activation, 1.0) / length(activation, 1.0)
    assert growth(activation, Sphere(WIDE, centred=True, over_batch=False)) == pytest.approx(expected, rel=1e-4)


def test_relu_with_rms_norm_keeps_the_gradient_but_for_one_direction():
    for units in (8, 64, 1000):
        sphere = Sphere(units, centred=False, over_batch=False)
        # The direction taken off costs as much as 1/std² gains.
        assert growth(activations.parse("relu"), sphere) == pytest.approx(
            (units - 1) / (units - 2) * 1.0, rel=0.2 / units
        )


SPHERES = [over_batch(6), over_batch(12), Sphere(9, True, False), Sphere(7, False, False)]


@pytest.mark.parametrize(("activation", "sphere"), each_member(in_rounds(ACTIVATIONS, SPHERES)), ids=str)
def test_expectations_over_a_sphere_agree_with_samples(activation, sphere):
    """Every field against drawn vectors, four standard errors."""
    draws, k, shrinkage = 60_000, sphere.count, 0.9
    random = torch.Generator().manual_seed(1)
    z, g = (torch.randn(draws, k, generator=random, dtype=torch.float64) for _ in range(2))
    centred = z - z.mean(1, keepdim=True) * sphere.centred
    std = centred.square().mean(1, keepdim=True).sqrt()
    y = centred / std
    h = activation(shrinkage * y)
    d = activation.derivative(shrinkage * y, h)

    def back(gradient):
        dy = shrinkage * d * gradient
        dy = dy - dy.mean(1, keepdim=True) * sphere.centred
        return (dy - y * (dy * y).mean(1, keepdim=True)) / std

    found = passage(activation, sphere, shrinkage)
    balanced = (g - g.mean(1, keepdim=True)) * sqrt(k / (k - 1))
    spread = (h - found.mean).square().mean(1) / found.variance
    steep = (d * g).square().mean(1) / d.square().mean()
    pairs = (h.sum(1).square() - h.square().sum(1)) / (k * (k - 1))
    slopes = (d.sum(1).square() - d.square().sum(1)) / (k * (k - 1)) / d.square().mean()
    sampled = Passage(
        h.mean(1),
        h.square().mean(1),
        pairs,
        back(g).square().mean(1),
        back(balanced).square().mean(1),
        (spread - 1).square(),
        (steep - 1).square(),
        (spread - 1) * (steep - 1),
        slopes,
    )
    for name, values, predicted in zip(
        Passage.__dataclass_fields__, vars(sampled).values(), astuple(found), strict=True
    ):
        error = float(values.std()) / sqrt(draws)
        assert abs(float(values.mean()) - predicted) < 4.5 * error + 1e-9, name


def test_a_passage_of_one_entry_is_undefined():
    assert np.isnan(astuple(passage(activations.parse("tanh"), over_batch(1)))).all()
