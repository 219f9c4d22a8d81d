"""Draws are functions of their names: the same anywhere, of the right distribution, and different by name."""

import subprocess
import sys

import numpy as np
import pytest

from goldilocks.engine import randomness

DRAWS = [randomness.standard_normal, randomness.standard_uniform]


def test_the_recorded_scheme_is_the_one_that_draws():
    """Who changes these numbers gives the scheme a new name."""
    found = [draw(("golden", 0), (20,))[-1] for draw in (*DRAWS, randomness.standard_truncated_normal)]
    assert randomness.SCHEME.partition(":")[0] == "2"
    np.testing.assert_allclose(found, [-0.94676924, 0.39993680, -0.45287135], rtol=1e-5)
    assert randomness.permutations(("golden", 0), 7, 9).tolist() == [5, 0, 2, 3, 4, 6, 1, 0, 3]


def test_a_name_gives_the_same_numbers_in_every_process():
    calls = [f"randomness.{draw.__name__}(('a', 1, (2, 3)), (5,)).tolist()" for draw in DRAWS]
    code = f"from goldilocks.engine import randomness; print([{', '.join(calls)}])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert found == f"{[draw(('a', 1, (2, 3)), (5,)).tolist() for draw in DRAWS]}\n"


@pytest.mark.parametrize("draw", DRAWS)
def test_draws_do_not_depend_on_what_was_drawn_before(draw):
    first = draw(("x",), (100,))
    draw(("y",), (1000,))
    assert np.array_equal(first, draw(("x",), (100,)))
    assert not np.intersect1d(first, draw(("y",), (100,))).size


@pytest.mark.parametrize("draw", DRAWS)
def test_long_streams_are_independent_of_the_number_of_threads(draw, monkeypatch):
    size = 3 * randomness.BLOCK + 17
    parallel = draw(("long",), (size,))
    monkeypatch.setattr(randomness, "ThreadPoolExecutor", lambda workers: _OneByOne())
    assert np.array_equal(parallel, draw(("long",), (size,)))
    # Blocks differ from each other.
    assert not np.array_equal(parallel[:100], parallel[randomness.BLOCK : randomness.BLOCK + 100])


class _OneByOne:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def map(self, function, items):
        return [function(item) for item in reversed(items)]


@pytest.mark.parametrize(("draw", "fourth"), [(DRAWS[0], 3.0), (DRAWS[1], 9 / 5)])
def test_moments(draw, fourth):
    x = draw(("moments",), (4_000_000,)).astype(np.float64)
    n = len(x)
    assert abs(x.mean()) < 4 / n**0.5
    assert abs((x**2).mean() - 1) < 4 * ((fourth - 1) / n) ** 0.5
    assert abs((x**3).mean()) < 4 * (15 / n) ** 0.5
    assert abs((x**4).mean() - fourth) < 4 * (96 / n) ** 0.5


def test_uniform_draws_stay_within_their_bounds():
    x = randomness.standard_uniform(("bounds",), (1_000_000,))
    assert 1.73 < np.abs(x).max() <= 3**0.5


def test_shuffles_are_whole_permutations_and_prefixes_of_longer_ones():
    order = randomness.permutations(("order",), 10, 25)
    assert sorted(order[:10]) == sorted(order[10:20]) == list(range(10))
    assert len(order) == 25
    assert np.array_equal(order, randomness.permutations(("order",), 10, 100)[:25])
    assert len(randomness.permutations(("order",), 10, 0)) == 0
