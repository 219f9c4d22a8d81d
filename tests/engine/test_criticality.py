"""Order and chaos: the reference rows, the edge of chaos, and what the maps do when they are iterated."""

from math import inf, isnan, log, sqrt

import numpy as np
import pytest

from engine.activations import activations
from engine.errors import RequestError
from engine.grid.spec import Grid
from engine.initializers import Fans, initializers
from engine.theory.correlation import correlation_map
from engine.theory.criticality import edge_at, edge_of_chaos, fixed_point, phase
from engine.theory.maps import length, length_map, slope
from tests.engine.members import ACTIVATIONS

# Activation, σw², σb², then q*, χ₁ and ξ_c with the digits of the literature; None where none is given.
ROWS = [
    ("tanh", 1.0, 0.1, 0.29498506, 0.68883892, 2.682779),
    ("relu", 1.5, 0.1, 0.4, 0.75, 3.476059),
    ("gelu", 1.5, 0.1, 0.19192543, 0.50710987, 1.472694),
    ("selu", 1.0, 0.0, 1.0, 1.07157499, None),
]


@pytest.mark.parametrize(("name", "weight_variance", "bias_variance", "q", "chi", "depth"), ROWS)
def test_the_reference_rows_are_reproduced_to_their_last_digit(name, weight_variance, bias_variance, q, chi, depth):
    found = phase(activations.parse(name), weight_variance, bias_variance)
    assert found.q == pytest.approx(q, abs=6e-9)
    assert found.chi == pytest.approx(chi, abs=6e-9)
    if depth is not None:
        assert found.depth_c == pytest.approx(depth, abs=6e-7)


def test_the_edge_of_chaos_of_tanh_with_a_given_variance_of_the_biases():
    assert edge_at(activations.parse("tanh"), 0.05).weight_variance == pytest.approx(1.76095464, abs=6e-9)


def test_pytorchs_gain_of_tanh_is_chaotic_and_its_default_halves_the_gradient_of_relu_again_and_again():
    assert phase(activations.parse("tanh"), (5 / 3) ** 2, 0.0).chi == pytest.approx(1.21, abs=5e-3)
    assert phase(activations.parse("relu"), 1 / 3, 0.0).chi == pytest.approx(1 / 6)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_iterating_the_map_ends_at_the_fixed_point(activation):
    weight_variances, bias_variances = np.array([0.6, 1.4, 3.0]), np.array([0.2, 0.1, 0.3])
    path = length_map(activation, weight_variances, bias_variances, np.ones(3), 150)
    for network, (weight_variance, bias_variance) in enumerate(zip(weight_variances, bias_variances, strict=True)):
        q = fixed_point(activation, float(weight_variance), float(bias_variance))
        if q == inf:
            assert (np.diff(path[:, network]) > 0).all()
        else:
            assert path[-1, network] == pytest.approx(q, rel=1e-6)


@pytest.mark.parametrize("name", ["tanh", "erf", "sin", "hardtanh"])
def test_in_the_chaotic_phase_inputs_settle_at_a_correlation_below_one(name):
    activation, weight_variance, bias_variance = activations.parse(name), 2.5, 0.05
    found = phase(activation, weight_variance, bias_variance)
    assert found.chi > 1
    assert 0 < found.c < 1
    c, deviations = found.c + 1e-3, []
    for _ in range(4):
        c = (weight_variance * correlation_map(activation, found.q, c) + bias_variance) / found.q
        deviations.append(c - found.c)
    # The deviation from c* falls by e over ξ_c layers.
    assert -3 / log(deviations[-1] / deviations[0]) == pytest.approx(found.depth_c, rel=0.01)


@pytest.mark.parametrize("name", ["tanh", "relu", "gelu", "sigmoid"])
def test_deviations_of_the_length_decay_over_the_stated_depth(name):
    activation, weight_variance, bias_variance = activations.parse(name), 1.2, 0.1
    found = phase(activation, weight_variance, bias_variance)
    start = np.array([found.q * 1.001])
    (path,) = length_map(activation, np.array([weight_variance]), np.array([bias_variance]), start, 4).T
    deviation = path - found.q
    assert -1 / log(deviation[2] / deviation[1]) == pytest.approx(found.depth_q, rel=0.01)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("q", [0.1, 1.0, 5.0])
def test_on_the_edge_of_chaos_q_stands_still_and_gradients_are_kept(activation, q):
    edge = edge_of_chaos(activation, q)
    assert edge.weight_variance * slope(activation, q) == pytest.approx(1)
    assert edge.weight_variance * length(activation, q) + edge.bias_variance == pytest.approx(q)
    assert edge.exists == (edge.bias_variance >= 0)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_the_critical_initialization_sits_on_the_edge_or_is_refused(activation):
    init, fans = initializers.parse("critical(q=0.7)"), Fans(300, 100)
    edge = edge_of_chaos(activation, 0.7)
    if edge.exists:
        assert init.refusal(activation) is None
        assert init.scale(fans, activation) == pytest.approx(sqrt(edge.weight_variance / 300))
        assert init.bias_scale(fans, activation) == pytest.approx(sqrt(edge.bias_variance))
    else:
        assert "negative variance of the biases" in init.refusal(activation)


@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_where_no_edge_of_chaos_exists_a_grid_is_refused_with_the_reason(name):
    shape = "width = 8\ndepth = 2\nbatch_size = 4"
    text = f'[[study]]\nkind = "propagation"\n{shape}\ninit = "critical"\nactivation = "{name}"'
    with pytest.raises(RequestError, match=r"no edge of chaos at q = 1.*negative variance"):
        Grid.from_toml(text)


def test_softplus_has_no_edge_of_chaos_at_any_q_and_sigmoid_only_deep_in_saturation():
    softplus, sigmoid = activations.parse("softplus"), activations.parse("sigmoid")
    assert not any(edge_of_chaos(softplus, q).exists for q in np.geomspace(1e-6, 1e6, 60))
    exists = [edge_of_chaos(sigmoid, q).exists for q in (0.1, 1.0, 10.0, 40.0, 60.0, 1000.0)]
    assert exists == [False, False, False, False, True, True]


def test_rectifiers_have_one_edge_without_biases_and_no_other():
    relu = activations.parse("relu")
    assert edge_at(relu, 0.05) is None
    critical = phase(relu, 2.0, 0.0)
    assert (critical.chi, critical.depth_c) == (pytest.approx(1), inf)


def test_what_shrinks_or_grows_without_end_says_so():
    relu = activations.parse("relu")
    shrinking, growing = phase(relu, 1.0, 0.0), phase(relu, 3.0, 0.0)
    assert (shrinking.q, shrinking.chi) == (0.0, 0.5)
    assert shrinking.depth_c == pytest.approx(1 / log(2))
    assert (growing.q, growing.chi) == (inf, 1.5)
    assert isnan(growing.depth_c)
