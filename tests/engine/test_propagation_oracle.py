"""A batch of propagation cells equals plain `torch.nn`, one cell at a time, on the same weights."""

from itertools import cycle, product

import numpy as np
import pytest
import torch

from goldilocks.engine import randomness
from goldilocks.engine.signal import program as signal
from goldilocks.engine.studies.propagation import Propagation, PropagationCell
from tests.breadth import few
from tests.device import DEVICE
from tests.engine.members import ACTIVATIONS, INITIALIZERS, NETWORKS, NORMALIZATIONS
from tests.oracles import plain
from tests.pairs import in_turn

WIDTH, DEPTH, BATCH = 24, 3, 12
IMAGE_WIDTH, IMAGE_BATCH = 8, 4
# How often every initializer stands on the perceptron, each time with other members, without the thorough case.
ROUNDS = 3
# float32 rounding through three layers, relative to the largest entry of a tensor.
TOLERANCE = 2e-5
MLP = next(network for network in NETWORKS if network.name == "mlp")
OTHERS = [network for network in NETWORKS if network != MLP]


def cells(network, combinations, **fixed):
    images = network.name == "conv"
    sizes = {"width": IMAGE_WIDTH, "batch_size": IMAGE_BATCH} if images else {"width": WIDTH, "batch_size": BATCH}
    return [
        PropagationCell(network=network, init=init, activation=activation, norm=norm, depth=DEPTH, **sizes, **fixed)
        for init, activation, norm in combinations
        if init.refusal(activation) is None
    ]


def named(members, *names):
    return [member for member in members if member.name in names]


EVERY_PAIR = "every pair"


@pytest.fixture(
    scope="module",
    params=[
        *NETWORKS,
        pytest.param(EVERY_PAIR, marks=pytest.mark.thorough("all members stand in the rounds on the perceptron")),
    ],
    ids=str,
)
def outcome(request):
    """Each network meets every member; on a perceptron every member meets every other, in the thorough case."""
    combinations = in_turn(INITIALIZERS, ACTIVATIONS, NORMALIZATIONS)
    if request.param == EVERY_PAIR:
        network = MLP
    elif (network := request.param) == MLP:
        combinations = combinations[: ROUNDS * len(INITIALIZERS)]
    else:
        pairs = [(a, norm) for a, other, norm in in_turn(ACTIVATIONS, OTHERS, NORMALIZATIONS) if other == network]
        length = max(len(pairs), len(INITIALIZERS))
        combinations = [(init, *pair) for init, pair, _ in zip(cycle(INITIALIZERS), cycle(pairs), range(length))]
    batch = cells(network, combinations, seed=3)
    return batch, Propagation().run(batch, DEVICE, lambda share: None)


def expected(cell):
    x = signal.inputs(cell)[0]
    last = cell.shapes[-1]
    shape = (cell.batch_size * last.positions, last.units)
    gradient = torch.from_numpy(randomness.standard_normal(("gradient", cell.seed, shape), shape))
    return plain.propagate(cell, x, gradient)


@pytest.mark.essential("the oracle of all statistics")
def test_every_statistic_of_every_member_equals_the_plain_network(outcome):
    batch, result = outcome
    layers = {(row["cell_id"], row["layer"]): row for row in result.tables["layers"].to_pylist()}
    for cell in batch:
        truth = expected(cell)
        for number in range(DEPTH):
            act, grad = truth.act[number], truth.grad[number]
            measured = layers[cell.cell_id, number + 1]
            wanted = {
                "mean": act.mean(),
                "std": act.std(correction=0),
                "rms": act.square().mean().sqrt(),
                "min": act.min(),
                "max": act.max(),
                "preact_std": truth.pre[number].std(correction=0),
                "unit_std": act.var(1, correction=0).mean().sqrt(),
                "grad_rms": grad.square().mean().sqrt(),
                "weight_grad_rms": truth.weight_grad[number].square().mean().sqrt(),
            }
            for name, value in wanted.items():
                scale = {"mean": act.abs().max(), "min": act.abs().max(), "max": act.abs().max()}.get(name, value)
                # What cancels exactly in theory cancels to rounding of its terms in practice.
                terms = {"unit_std": act.abs().max(), "weight_grad_rms": float(act.abs().max() * grad.abs().max())}
                # Where units saturate, φ' follows the rounding of what enters them, which grows with its size.
                steep = max(1.0, float(truth.pre[number].std())) if "grad" in name else 1.0
                slack = TOLERANCE * steep * float(scale) + 1e-5 * float(terms.get(name, 0)) + 1e-12
                # A spread is what is left of values when their mean is taken off.
                slack += 2e-7 * float(act.abs().max()) if name == "std" else 0.0
                if (cell.init.family == "ones" or cell.init.name == "zeros") and not cell.norm.absent:
                    # Normalizing units that are all alike divides rounding by √eps.
                    slack += 1e-4
                where = f"{name} of layer {number + 1} of {cell}"
                assert abs(measured[name] - float(value)) <= slack, where


@pytest.mark.essential("the oracle of histograms")
def test_histograms_count_every_value_where_it_belongs(outcome):
    batch, result = outcome
    table = result.tables["layer_histograms"].to_pandas()
    assert len(table) == len(batch) * DEPTH * 3
    total = table["counts"].map(sum) + table["underflow"] + table["overflow"] + table["nonfinite"]
    values = np.repeat([cell.batch_size * shape.size for cell in batch[:1] for shape in cell.shapes], 3)
    assert (total.groupby([table.layer, table.tap]).unique().map(list) == [[value] for value in values]).all()
    # Where all units are alike, hundreds of equal values may lie within rounding of one edge.
    random = [cell for cell in batch if cell.init.name not in ("zeros", "constant")]
    for cell in random[:: max(1, len(random) // 10)]:
        act = expected(cell).act[1].float().numpy().ravel()
        row = table[(table.cell_id == cell.cell_id) & (table.layer == 2) & (table.tap == "act")].iloc[0]
        reference, _ = np.histogram(act, bins=len(row.counts), range=(row.lo, row.hi))
        # A few values within rounding of an edge may fall on either side of it.
        assert np.abs(np.cumsum(reference) - np.cumsum(row.counts)).max() <= max(2, len(act) // 500)


@pytest.mark.essential("that configurations side by side do not mix")
@pytest.mark.parametrize("network", few(NETWORKS, 2), ids=str)
def test_a_cell_does_not_depend_on_its_neighbours(network):
    few = named(INITIALIZERS, "xavier", "uniform", "orthogonal", "constant", "lsuv")
    batch = cells(network, in_turn(few, ACTIVATIONS[::3], NORMALIZATIONS), seed=5)
    together = Propagation().run(batch, DEVICE, lambda share: None).tables["layers"].to_pandas()
    for cell in batch[:: len(batch) // 6]:
        alone = Propagation().run([cell], DEVICE, lambda share: None).tables["layers"].to_pandas()
        shared = together[together.cell_id == cell.cell_id].reset_index(drop=True)
        for name in ("std", "grad_rms", "weight_grad_rms"):
            # Where all units are alike, what is left of a spread is rounding.
            rounding = 1e-6 * float(shared["rms" if name == "std" else name].max())
            np.testing.assert_allclose(alone[name], shared[name], rtol=1e-4, atol=1e-9 + rounding)


@pytest.mark.parametrize("broken", ["ddof", "gain"])
def test_the_comparison_catches_a_slip(outcome, broken):
    """Mutation: ddof 1 and a gain off by half a percent lie outside the tolerance used above."""
    batch, _ = outcome
    kaiming, relu = named(INITIALIZERS, "kaiming"), named(ACTIVATIONS, "relu")
    (cell,) = cells(batch[0].network, product(kaiming, relu, named(NORMALIZATIONS, "none")), seed=3)
    act = expected(cell).act[-1]
    right = act.std(correction=0)
    wrong = act.std(correction=1) if broken == "ddof" else right * 1.005**3
    assert abs(wrong - right) > TOLERANCE * right
