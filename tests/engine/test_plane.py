"""Many points of the plane at once are what each of them is by itself."""

from math import exp

import numpy as np
import pytest

from goldilocks.engine.activations import activations
from goldilocks.engine.theory import plane as of_plane
from goldilocks.engine.theory.criticality import phase
from goldilocks.engine.theory.fixed_points import fixed_points
from goldilocks.engine.theory.plane import plane
from tests.engine.members import ACTIVATIONS
from tests.oracles.edge_of_chaos import critical_weight_variance

# Order, chaos, next to the edge, no weights, neutral (ReLU at 2), tiny and huge.
POINTS = [(0.0, 0.3), (2.0, 0.0), (2.0, 0.1), (1.0, 0.0), (1e-6, 0.0), (1e-6, 1e-3), (400.0, 25.0), (1e12, 0.0)]
DRAWN = 6


def numbers(point, points):
    # Depths as the factors that they stand for: that of a factor next to 0 is the depth of rounding.
    factors = [depth and exp(-1 / depth) for depth in (point.depth_q, point.depth_c)]
    flat = [value for one in points for value in (one.q, one.alpha)]
    return [point.q, point.chi, point.c, *factors, point.point.alpha, *flat]


def assert_alike(activation, pairs, eps):
    for pair, at in zip(pairs, plane(activation, pairs, eps), strict=True):
        alone, points = phase(activation, *pair, eps=eps), fixed_points(activation, *pair, eps)
        assert [one.stability for one in at.fixed_points] == [one.stability for one in points], (activation, pair)
        for value, expected in zip(numbers(at.phase, at.fixed_points), numbers(alone, points), strict=True):
            # Depths near the edge of chaos are differences: what is off by rounding there is off by more.
            close = expected is None or pytest.approx(expected, rel=1e-7, abs=1e-12)
            assert value is None if expected is None else value == close, (activation, pair)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_points_of_every_activation_are_what_each_is_alone(activation):
    draw = np.random.default_rng(sum(str(activation).encode()))
    drawn = [(exp(w), b) for w, b in zip(draw.uniform(-2, 2, DRAWN), draw.choice([0, 0.02, 0.2], DRAWN), strict=True)]
    assert_alike(activation, [*POINTS, *drawn], draw.choice([None, 1e-5, 0.1]))


def test_most_of_a_grid_takes_no_second_look(monkeypatch):
    pairs = [(float(w), float(b)) for w in np.linspace(0.1, 5, 20) for b in np.linspace(0.02, 0.5, 10)]
    looked = []
    monkeypatch.setattr(of_plane, "phase", lambda *arguments, **options: looked.append(arguments) or phase(*arguments))
    for name in ("tanh", "relu", "gelu", "sigmoid"):
        plane(activations.parse(name), pairs)
    assert len(looked) < 0.05 * 4 * len(pairs)


def test_points_next_to_the_edge_of_chaos_are_on_its_right_side():
    tanh = activations.parse("tanh")
    biases = [0.01, 0.1, 0.3]
    edges = [critical_weight_variance(tanh, bias) for bias in biases]
    below, above = (
        plane(tanh, [(edge * factor, bias) for edge, bias in zip(edges, biases, strict=True)])
        for factor in (1 - 1e-6, 1 + 1e-6)
    )
    assert all(point.phase.chi < 1 and point.phase.c == 1 for point in below)
    assert all(point.phase.chi > 1 and point.phase.c < 1 for point in above)


def test_no_points_are_no_points():
    assert plane(activations.parse("tanh"), []) == []
