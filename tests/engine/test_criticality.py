"""Order and chaos: the reference rows, the edge of chaos, and what the maps do when they are iterated."""

from math import acos, inf, log, pi, sqrt
from pathlib import Path

import numpy as np
import pytest

from goldilocks.engine.activations import activations
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.initializers import Fans, initializers
from goldilocks.engine.theory.correlation import correlation_map
from goldilocks.engine.theory.criticality import edge_of_chaos, phase, smallest_attracting
from goldilocks.engine.theory.fixed_points import Stability, fixed_points, reached
from goldilocks.engine.theory.length_map import LengthMap
from goldilocks.engine.theory.maps import length, slope
from tests.breadth import each_member
from tests.engine.members import ACTIVATIONS
from tests.oracles.edge_of_chaos import critical_weight_variance
from tests.oracles.length_map import length_map
from tests.pairs import in_rounds

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
    tanh = activations.parse("tanh")
    variance = critical_weight_variance(tanh, 0.05)
    assert variance == pytest.approx(1.76095464, abs=6e-9)
    edge = edge_of_chaos(tanh, phase(tanh, variance, 0.05).q)
    assert (edge.weight_variance, edge.bias_variance) == pytest.approx((variance, 0.05))


def test_pytorchs_gain_of_tanh_is_chaotic_and_its_default_halves_the_gradient_of_relu_again_and_again():
    assert phase(activations.parse("tanh"), (5 / 3) ** 2, 0.0).chi == pytest.approx(1.21, abs=5e-3)
    assert phase(activations.parse("relu"), 1 / 3, 0.0).chi == pytest.approx(1 / 6)


# σw² and σb² in order and chaos, on the edge, tiny and huge.
PLANE = [
    (0.6, 0.2),
    (1.4, 0.1),
    (3.0, 0.3),
    (1.0, 0.0),
    (2.25, 0.0),
    (2.7, 0.0),
    (0.0, 0.3),
    (1e-6, 0.0),
    (400.0, 25.0),
]
MORE = ["leaky_relu(slope=0.3)", "leaky_relu(slope=-0.5)"]


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *map(activations.parse, MORE)], ids=str)
def test_iterating_the_map_from_the_first_layer_ends_at_the_fixed_point_reached(activation):
    weight_variances, bias_variances = np.array(PLANE).T
    path = length_map(activation, weight_variances, bias_variances, weight_variances + bias_variances, 150)
    for network, (weight_variance, bias_variance) in enumerate(PLANE):
        point = reached(activation, weight_variance, bias_variance)
        final, moves = path[-1, network], np.diff(path[-50:, network])
        if point.q == inf:
            # Later it overflows.
            assert (np.diff(path[:40, network]) > 0).all()
        elif point.q == 0:
            assert final < 0.1
            assert (moves <= 0).all()
        else:
            assert final == pytest.approx(point.q, rel=1e-3)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_a_fixed_point_stands_still_and_what_is_close_to_it_moves_as_its_stability_says(activation):
    for weight_variance, bias_variance in [*PLANE, (1.9, 0.17), (2.05, 0.08)]:
        for point in fixed_points(activation, weight_variance, bias_variance):
            if point.q in (0, inf) or point.stability is Stability.NEUTRAL:
                continue
            around = point.q * np.array([1 - 1e-4, 1, 1 + 1e-4])
            moves = weight_variance * length(activation, around) + bias_variance - around
            assert abs(moves[1]) < 1e-8 * point.q
            expected = {Stability.ATTRACTS: [1, -1], Stability.REPELS: [-1, 1]}[point.stability]
            assert np.sign(moves[[0, 2]]).tolist() == expected
            assert (moves[2] - moves[0]) / (2e-4 * point.q) + 1 == pytest.approx(point.alpha, abs=1e-4)


# Without biases, for σw² between the two values the signal dies out from q = 1, but explodes from q₁.
FATES = [("gelu", 2.155, 2.352), ("silu", 2.430, 2.811), ("mish", 2.107, 2.211), ("hardswish", 2.456, 3.016)]


@pytest.mark.parametrize(("name", "low", "high"), FATES)
def test_where_the_length_map_has_two_fates_the_one_from_the_first_layer_is_reported(name, low, high):
    activation = activations.parse(name)
    assert phase(activation, low - 0.002, 0.0).q == 0
    for weight_variance in np.linspace(low + 0.001, high + 0.02, 7):
        found = phase(activation, float(weight_variance), 0.0)
        assert (found.q, found.c, found.depth_c) == (inf, None, None)
        kinds = [(point.q, point.stability) for point in fixed_points(activation, float(weight_variance), 0.0)]
        (zero, dies), (middle, repels), (top, explodes) = kinds
        assert (zero, dies, repels, top, explodes) == (0.0, "attracts", "repels", inf, "attracts")
        # A search from 1 goes up as well from the upper end on.
        assert (middle < 1) == (weight_variance > high)
    # Inputs that are small enough have the other fate.
    assert phase(activation, low + 0.01, 0.0, second_moment=0.2).q == 0


def test_kaiming_normal_with_gelu_is_judged_at_its_real_fate():
    gelu, fans = activations.parse("gelu"), Fans(128, 128)
    weight_variance = 128 * initializers.parse("kaiming_normal").scale(fans, gelu) ** 2
    (near_one,) = (point for point in fixed_points(gelu, weight_variance, 0.0) if 0 < point.q < inf)
    assert near_one.q == pytest.approx(1)
    assert near_one.stability == "repels"
    assert phase(gelu, weight_variance, 0.0).q == inf


# Smallest q of the edge of chaos that attracts where 1 does not, and σw² and σb² there.
HALF_STABLE = [
    ("gelu", 3.56155, 1.98305826, 0.17292239), ("silu", 14.3202, 1.98800468, 0.55514317),
    ("mish", 1.670, None, None), ("hardswish", 4.804, None, None),
]  # fmt: skip
# α at q = 1.
REPELLING = {"gelu": 1.067, "silu": 1.099, "mish": 1.016, "hardswish": 1.132}


@pytest.mark.parametrize(("name", "q", "weight_variance", "bias_variance"), HALF_STABLE)
def test_critical_takes_the_smallest_q_that_attracts_and_refuses_smaller_ones(name, q, weight_variance, bias_variance):
    activation, init, fans = activations.parse(name), initializers.parse("critical"), Fans(300, 100)
    assert smallest_attracting(activation) == pytest.approx(q, rel=3e-4)
    assert edge_of_chaos(activation, smallest_attracting(activation)).alpha == pytest.approx(1)
    assert init.refusal(activation) is None
    if weight_variance:
        assert 300 * init.scale(fans, activation) ** 2 == pytest.approx(weight_variance, abs=6e-9)
        assert init.bias_scale(fans, activation) ** 2 == pytest.approx(bias_variance, abs=6e-9)
    assert edge_of_chaos(activation, 1.0).alpha == pytest.approx(REPELLING[name], abs=5e-4)
    for smaller in (0.3, 1, 0.9 * q):
        refusal = initializers.parse(f"critical(q={smaller})").refusal(activation)
        assert "repels" in refusal
        recommended = float(refusal.split("from q = ")[1].split(" on")[0])
        assert initializers.parse(f"critical(q={recommended})").refusal(activation) is None
        mean_field = refusal.split("write ")[1]
        assert initializers.parse(mean_field).refusal(activation) is None
    for larger in (1.05 * q, 3 * q):
        assert initializers.parse(f"critical(q={larger})").refusal(activation) is None


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_critical_without_q_attracts_and_is_1_where_that_does(activation):
    init, edge = initializers.parse("critical"), edge_of_chaos(activation, 1.0)
    if edge.exists and edge.alpha <= 1 + 1e-9:
        assert init.variance(activation) == 1.0
    if init.refusal(activation) is None:
        assert init.edge(activation).alpha <= 1 + 1e-9


def test_a_default_that_depends_on_the_activation_is_not_the_cell_of_a_given_q():
    specs = [initializers.parse(text).spec() for text in ("critical", "critical(q=1)")]
    assert specs == [{"name": "critical", "q": None}, {"name": "critical", "q": 1.0}]
    assert [str(initializers.parse(text)) for text in ("critical", "critical(q=1)")] == ["critical", "critical(q=1)"]


def test_a_q_that_attracts_but_is_not_reached_from_the_inputs_is_remarked_upon():
    text = '[[study]]\nkind = "propagation"\nwidth = 8\ndepth = 2\nbatch_size = 4\ninit = "critical"\nactivation = "{}"'
    (remark,) = Grid.from_toml(text.format("mish")).remarks
    assert "grow without end" in remark
    for name in ("tanh", "relu", "gelu", "hardswish"):
        assert not Grid.from_toml(text.format(name)).remarks


def test_of_homogeneous_activations_every_q_is_a_fixed_point():
    for name, weight_variance in (("relu", 2.0), ("linear", 1.0), ("leaky_relu(slope=0.5)", 1.6)):
        (point,) = fixed_points(activations.parse(name), weight_variance, 0.0)
        assert (point.stability, point.alpha) == (Stability.NEUTRAL, 1.0)
        assert phase(activations.parse(name), weight_variance, 0.0, second_moment=7.0).q == 7 * weight_variance
    assert "every q is a fixed point" in initializers["critical"].card.notes


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


@pytest.mark.parametrize(("activation", "q"), each_member(in_rounds(ACTIVATIONS, [0.1, 1.0, 5.0])), ids=str)
def test_on_the_edge_of_chaos_q_stands_still_and_gradients_are_kept(activation, q):
    edge = edge_of_chaos(activation, q)
    assert edge.weight_variance * slope(activation, q) == pytest.approx(1)
    assert edge.weight_variance * length(activation, q) + edge.bias_variance == pytest.approx(q)
    assert edge.exists == (edge.bias_variance >= 0)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_the_critical_initialization_sits_on_the_edge_or_is_refused(activation):
    init, fans = initializers.parse("critical(q=0.7)"), Fans(300, 100)
    edge = edge_of_chaos(activation, 0.7)
    if edge.exists and not edge.attracts:
        assert "repels" in init.refusal(activation)
    elif edge.exists:
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
    assert not any(edge_of_chaos(relu, q).bias_variance for q in np.geomspace(1e-6, 1e6, 60))
    critical = phase(relu, 2.0, 0.0)
    assert (critical.chi, critical.depth_c) == (pytest.approx(1), inf)


def test_what_shrinks_or_grows_without_end_has_no_depth_of_correlations():
    relu, tanh = activations.parse("relu"), activations.parse("tanh")
    shrinking, growing = phase(relu, 1.0, 0.0), phase(relu, 3.0, 0.0)
    assert (shrinking.q, shrinking.chi, shrinking.c, shrinking.depth_c) == (0.0, 0.5, None, None)
    assert shrinking.depth_q == pytest.approx(1 / log(2))
    assert (growing.q, growing.chi, growing.depth_q, growing.depth_c) == (inf, 1.5, None, None)
    assert phase(tanh, 0.5, 0.0).depth_c is None
    # At σw² = 1 the variance dies out algebraically.
    assert (phase(tanh, 1.0, 0.0).q, phase(tanh, 1.0, 0.0).depth_q) == (0.0, inf)


# Without eps a normalized network is the plain one whose variance rests at 1.
PLACES = ((1.5, 0.2), (6.0, 0.0))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_behind_a_normalization_of_examples_correlations_go_as_in_the_plain_network_that_rests_at_one(activation):
    for weight_variance, bias_variance in PLACES:
        q = weight_variance * length(activation, 1.0) + bias_variance
        found = phase(activation, weight_variance, bias_variance, eps=0.0)
        assert found.q == pytest.approx(q, rel=1e-9)
        relative, offset = weight_variance / q, bias_variance / q
        assert found.chi == pytest.approx(relative * slope(activation, 1.0), rel=1e-9)
        if found.c is None:
            assert offset == 0
            continue
        behind = relative * correlation_map(activation, 1.0, found.c) + offset
        assert behind == pytest.approx(found.c, abs=1e-9)
        assert (found.c == 1.0) == (found.chi <= 1 + 1e-9)
        plain = phase(activation, relative, offset)
        if plain.q == pytest.approx(1, abs=1e-9):
            assert (found.chi, found.c, found.depth_c) == pytest.approx((plain.chi, plain.c, plain.depth_c), rel=1e-6)
        # Weights and biases twice as large change q alone.
        scaled = phase(activation, 4 * weight_variance, 4 * bias_variance, eps=0.0)
        assert (scaled.q, scaled.chi, scaled.c) == pytest.approx((4 * found.q, found.chi, found.c), rel=1e-9)
        # The one fixed point attracts, and nothing is left of a deviation.
        assert found.point.stability is Stability.ATTRACTS
        assert found.depth_q == 0


@pytest.mark.parametrize("c", [-0.8, 0.0, 0.6])
def test_behind_a_normalization_relu_has_the_arc_cosine_kernel_at_every_scale(c):
    kernel = ((1 - c * c) ** 0.5 + (pi - acos(c)) * c) / pi
    for weight_variance in (1e-3, 2.0, 50.0):
        layer = LengthMap(activations.parse("relu"), weight_variance, 0.0, eps=0.0)
        q = layer(7.0)
        assert q == pytest.approx(weight_variance / 2)
        assert weight_variance * correlation_map(layer.activation, layer.seen(q), c) / q == pytest.approx(kernel)


def test_weights_small_against_eps_let_the_signal_die_behind_a_normalization():
    tanh = activations.parse("tanh")
    eps = 1e-5
    assert phase(tanh, 0.9 * eps, 0.0, eps=eps).q == 0
    alive = phase(tanh, 2 * eps, 0.0, eps=eps)
    assert alive.q == pytest.approx(2 * eps * length(tanh, alive.q / (alive.q + eps)), rel=1e-9)
    assert phase(tanh, 2.0, 0.0, eps=eps).chi == pytest.approx(phase(tanh, 2.0, 0.0, eps=0.0).chi, rel=1e-4)


@pytest.mark.parametrize(("weight_variance", "eps"), [(1.0, None), (0.3, 0.0), (2.0, 0.0)])
def test_linear_layers_without_biases_keep_correlations_so_there_is_no_fixed_one(weight_variance, eps):
    found = phase(activations.parse("linear"), weight_variance, 0.0, eps=eps)
    assert (found.c, found.depth_c) == (None, None)
    assert found.chi == pytest.approx(1)
    # Those of ReLU near 1 algebraically, and with biases those of linear layers do so exponentially.
    relu = phase(activations.parse("relu"), 2.0, 0.0, eps=eps)
    assert (relu.c, relu.depth_c) == (1.0, inf)
    assert phase(activations.parse("linear"), weight_variance / 2, 0.3, eps=eps).c == 1.0


# As the README says.
ON_THE_WAY = {"silu": 1 / 8, "hardswish": 1 / 8, "gelu": 1 / 2, "mish": 3 / 2}


@pytest.mark.parametrize("name", ["silu", "hardswish", "gelu", "mish", "tanh", "erf", "selu", "elu"])
def test_critical_keeps_the_gradient_at_q_and_where_alpha_is_one_not_on_the_way_there(name):
    activation, scheme = activations.parse(name), initializers.parse("critical")
    edge = scheme.edge(activation)
    assert edge.weight_variance * slope(activation, scheme.variance(activation)) == pytest.approx(1)
    first = edge.weight_variance + edge.bias_variance
    variances = length_map(activation, edge.weight_variance, edge.bias_variance, first, 60)
    factor = np.prod(edge.weight_variance * slope(activation, variances[1:])) ** 0.5
    slow = edge.alpha == pytest.approx(1)
    assert slow == (name in ON_THE_WAY)
    assert factor == pytest.approx(ON_THE_WAY.get(name, 1), rel=0.15)
    readme = Path(__file__).parents[2].joinpath("engine", "README.md").read_text()
    promise = readme[readme.index("`critical` promises") :].partition("\n\n")[0]
    assert (f"`{name}`" in promise) == slow
    assert "over which GELU, SiLU and Hardswish lose gradient and Mish gains some" in scheme.card.notes
