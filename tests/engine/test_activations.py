"""Every activation against autograd and `torch.nn`; what it declares about itself holds."""

import pytest
import torch

from goldilocks.engine.activations.base import Activation, activations, largest_slope
from goldilocks.engine.theory.gains import second_moment_gain
from goldilocks.engine.theory.gaussian import expectation
from tests.engine.members import ACTIVATIONS
from tests.oracles import plain

LEAKY = activations.parse("leaky_relu(slope=0.2)")


def points(activation, dtype=torch.float64):
    """Return a grid that steps around the kinks, where the derivative is a matter of taste."""
    z = torch.linspace(-30, 30, 20_001, dtype=dtype)
    for kink in activation.kinks:
        z = z[(z - kink).abs() > 1e-6]
    return z


@pytest.mark.parametrize("activation", [*ACTIVATIONS, LEAKY], ids=str)
def test_values_are_torchs(activation):
    z = points(activation)
    torch.testing.assert_close(activation(z), plain.ACTIVATIONS[activation.name](activation)(z))


@pytest.mark.parametrize("activation", [*ACTIVATIONS, LEAKY], ids=str)
def test_derivative_and_backward_are_autograds(activation):
    z = points(activation).requires_grad_()
    h = activation(z)
    gradient = torch.linspace(-2, 3, len(z), dtype=z.dtype)
    (expected,) = torch.autograd.grad(h, z, gradient)
    z, h = z.detach(), h.detach()
    torch.testing.assert_close(gradient * activation.derivative(z, h), expected)
    torch.testing.assert_close(activation.backward(gradient.clone(), z, h), expected)
    torch.testing.assert_close(gradient * activation.slope_at(z), expected)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_tensors_are_left_as_they_were(activation):
    z = points(activation, torch.float32)
    h, gradient = activation(z), torch.ones_like(z)
    copies = [t.clone() for t in (z, h, gradient)]
    activation.derivative(z, h)
    # What backward returns is the caller's to change.
    activation.backward(gradient, z, h).zero_()
    for tensor, copy in zip((z, h, gradient), copies, strict=True):
        assert torch.equal(tensor, copy)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_slopes_jump_at_declared_kinks_and_nowhere_else(activation):
    step = 1e-4
    edges = torch.arange(-8 + step / 2, 8, step, dtype=torch.float64)
    slopes = activation.slope_at(edges)
    jumps = {round(float(edges[i] + step / 2), 3) + 0.0 for i in ((slopes.diff().abs() > 0.05).nonzero().flatten())}
    assert jumps == {kink + 0.0 for kink in activation.kinks}


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_homogeneity_is_as_declared(activation):
    z = points(activation)
    holds = torch.allclose(activation(3.7 * z), 3.7 * activation(z))
    assert holds == activation.positively_homogeneous


@pytest.mark.parametrize(
    ("name", "steepest"), [("linear", 1), ("sigmoid", 0.25), ("tanh", 1), ("relu", 1), ("leaky_relu", 1)]
)
def test_the_largest_slope_is_known(name, steepest):
    assert largest_slope(activations.parse(name)) == pytest.approx(steepest)


@pytest.mark.parametrize(
    ("text", "gain"),
    [("linear", 1), ("relu", 2**0.5), ("leaky_relu(slope=0.2)", (2 / 1.04) ** 0.5), ("tanh", 1.5925374)],
)
def test_the_gain_keeps_the_second_moment(text, gain):
    activation = activations.parse(text)
    assert second_moment_gain(activation) == pytest.approx(gain, rel=1e-6)
    kept = expectation(lambda z: activation(z) ** 2, 1.0, activation.kinks) * second_moment_gain(activation) ** 2
    assert kept == pytest.approx(1)


def test_a_new_activation_needs_a_formula_and_no_derivative():
    class Cubic(Activation):
        name = "cubic"

        def __call__(self, z):
            return z**3

    z = torch.tensor([-1.0, 2.0])
    assert Cubic().derivative(z, z**3).tolist() == [3, 12]
    assert Cubic().backward(torch.tensor([1.0, 10.0]), z, z**3).tolist() == [3, 120]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_what_is_written_over_its_input_is_declared(activation):
    z = points(activation)
    left = z.clone()
    h = activation.apply_(left)
    assert torch.equal(h, activation(z))
    # The identity leaves z as it is and owes nothing to the declaration.
    assert activation.in_place == (h.data_ptr() == left.data_ptr() and not torch.equal(left, z))
