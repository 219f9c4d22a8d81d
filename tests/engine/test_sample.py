"""Samples of a product: every two values meet about equally often, and what is compared stays complete."""

from collections import Counter
from functools import cache
from itertools import combinations, product

import pytest

from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.sample import sample
from goldilocks.engine.grid.spec import Grid, load_grid

GRID = """
[[study]]
kind = "training"
sample = {size}
dataset = "digits"
width = [8, 16, 32]
depth = [1, 2, 3, 4]
activation = ["tanh", "relu"]
init = ["xavier", "kaiming"]
optimizer = "{optimizer}"
lr = [0.01, 0.1]
batch_size = 8
steps = 5
seed = [0, 1, 2]
"""


def met(rows, one, other, sizes):
    """Return how often every two values of two axes meet."""
    counts = Counter((row[one], row[other]) for row in rows)
    return [counts[pair] for pair in product(range(sizes[one]), range(sizes[other]))]


@pytest.mark.parametrize(
    ("sizes", "count"), [((8, 5, 4, 5, 2), 80), ((8, 5, 4, 5, 3, 2), 120), ((3, 3), 9), ((2, 2, 2), 7), ((6, 4, 3), 24)]
)
def test_every_two_values_meet_about_equally_often(sizes, count):
    rows = sample(sizes, count)
    assert len(set(rows)) == len(rows) == count
    for one, other in combinations(range(len(sizes)), 2):
        counts = met(rows, one, other, sizes)
        mean = count / (sizes[one] * sizes[other])
        assert min(counts) >= mean // 2
        assert max(counts) <= 2 * mean + 1
    for axis, size in enumerate(sizes):
        counts = Counter(row[axis] for row in rows)
        assert max(counts.values()) - min(counts[value] for value in range(size)) <= 2


def test_all_combinations_but_one_are_different_ones():
    rows = sample((3, 4, 5), 59)
    assert len(set(rows)) == 59


def test_a_sample_is_the_same_everywhere():
    """A grid has the cells that it had when it was run: this must not change."""
    assert sample((3, 2, 2), 5) == [(0, 0, 0), (1, 1, 1), (2, 1, 0), (2, 0, 1), (1, 0, 0)]


def networks(grid):
    return {(cell.width, cell.depth, str(cell.activation)) for cell in grid.cells}


def test_a_sampled_network_has_every_initialization_rate_and_seed():
    grid = Grid.from_toml(GRID.format(size=5, optimizer="sgd"))
    assert len(networks(grid)) == 5
    assert len(grid.cells) == 5 * 2 * 2 * 3
    for width, depth, activation in networks(grid):
        own = [
            cell for cell in grid.cells if (cell.width, cell.depth, str(cell.activation)) == (width, depth, activation)
        ]
        assert {(str(cell.init), cell.lr, cell.seed) for cell in own} == set(
            product(("xavier", "kaiming"), (0.01, 0.1), range(3))
        )


def test_tables_that_differ_in_axes_of_one_value_have_the_same_networks():
    sgd, adam = (Grid.from_toml(GRID.format(size=5, optimizer=name)) for name in ("sgd", "adam"))
    assert networks(sgd) == networks(adam)


def test_a_sample_of_all_is_the_whole_product():
    whole = Grid.from_toml(GRID.format(size=24, optimizer="sgd"))
    without = Grid.from_toml(GRID.replace("sample = {size}", "").format(optimizer="sgd"))
    assert [cell.cell_id for cell in whole.cells] == [cell.cell_id for cell in without.cells]


@pytest.mark.parametrize("size", ["0", "-1", "25", "1.5", "true", '"all"', "[3]"])
def test_what_is_no_size_of_a_sample_is_refused(size):
    with pytest.raises(RequestError, match=r"sample = .*: a whole number from 1 to 24 is required"):
        Grid.from_toml(GRID.format(size=size, optimizer="sgd"))


AXES = ("dataset", "width", "depth", "activation", "norm")
INITS, RATES, SEEDS = 15, 4, 3
# Of the networks that stand beside the sample.
USUAL_INITS = 6


def network(cell):
    return tuple(str(getattr(cell, axis)) for axis in AXES)


@cache
def reference():
    return load_grid("reference").cells


@cache
def beside_the_sample():
    """Return the networks of the reference that are no part of its sample: those that are not under every optimizer."""
    trained = [cell for cell in reference() if str(cell.study) == "training"]
    sgd, adam = ({network(cell) for cell in trained if str(cell.optimizer) == name} for name in ("sgd", "adam"))
    return adam - sgd


def of_the_reference(**chosen):
    """Return the cells of its sample with these values; their networks are told by `AXES`."""
    return [
        cell
        for cell in reference()
        if all(str(getattr(cell, name)) in values for name, values in chosen.items())
        and network(cell) not in beside_the_sample()
    ]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("widths", [("32", "64"), ("128", "256")])
def test_every_value_of_the_reference_meets_every_value_of_another_axis(optimizer, widths):
    networks = {network(cell) for cell in training(optimizer, widths)}
    values = [sorted({network[place] for network in networks}) for place in range(len(AXES))]
    assert [len(each) for each in values] == ([2, 2, 5, 8, 5] if widths[0] == "32" else [2, 2, 3, 8, 5])
    for one, other in combinations(range(len(AXES)), 2):
        met = {(network[one], network[other]) for network in networks}
        # So few wide networks cannot hold all pairs, but as many as there are rows.
        assert len(met) == min(len(values[one]) * len(values[other]), len(networks)), (AXES[one], AXES[other])


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_the_reference_has_every_network_under_all_initializations_rates_and_seeds(optimizer):
    cells = training(optimizer, ("32", "64", "128", "256"))
    per_network = Counter(map(network, cells))
    assert set(per_network.values()) == {INITS * RATES * SEEDS}
    rates = [cell.lr for cell in cells]
    assert max(rates) / min(rates) == pytest.approx(1000)


def test_the_same_networks_stand_under_every_optimizer_of_the_reference_and_before_training():
    def networks(**chosen):
        return {network(cell) for cell in of_the_reference(**chosen)}

    every = networks(study=["propagation"])
    assert networks(study=["training"], optimizer=["sgd"]) == networks(study=["training"], optimizer=["adam"]) == every
    assert networks(study=["training"], optimizer=["momentum"]) < every


def test_networks_beside_the_sample_stand_under_the_usual_initializations():
    cells = [cell for cell in reference() if network(cell) in beside_the_sample()]
    assert {(str(cell.study), str(cell.optimizer)) for cell in cells} == {("training", "adam")}
    per_network = Counter(map(network, cells))
    assert set(per_network.values()) == {USUAL_INITS * RATES * SEEDS}
    assert ("fashion-small", "256", "12", "gelu", "layer") in per_network


def training(optimizer, widths):
    return of_the_reference(study=["training"], optimizer=[optimizer], width=widths)
