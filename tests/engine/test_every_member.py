"""A grid in which every registered member meets every other one ends with no failed cell."""

from itertools import combinations, product

import pytest

from goldilocks import engine, store
from goldilocks.engine.activations import Activation
from goldilocks.engine.initializers import Initializer
from goldilocks.engine.networks import networks
from goldilocks.engine.studies.propagation import PropagationCell
from goldilocks.engine.training.cell import TrainingCell
from tests.engine.members import ACTIVATIONS, INITIALIZERS, NORMALIZATIONS, members
from tests.pairs import in_turn

pytestmark = pytest.mark.essential("every member, from grid to store")

SHAPE = {"depth": 2, "width": 4, "batch_size": 8}


# How often each initializer stands, each time with other members, without the thorough case.
ROUNDS = 2


def cells(rounds=None):
    """Yield cells with every pair of members that the engine does not refuse, propagated and trained.

    Args:
        rounds: how many rounds of initializers and activations; None means all of them.
    """
    turns = in_turn(ACTIVATIONS, NORMALIZATIONS, members(networks))
    network = {(activation, norm): one for activation, norm, one in turns}
    combinations = in_turn(INITIALIZERS, ACTIVATIONS, NORMALIZATIONS)
    for init, activation, norm in combinations[: rounds and rounds * len(INITIALIZERS)]:
        axes = SHAPE | {"network": network[activation, norm], "init": init, "activation": activation, "norm": norm}
        # Networks on images may need a data set of images.
        choices = (PropagationCell(**axes, dataset=dataset) for dataset in ("gaussian", "digits"))
        yield from [cell for cell in choices if cell.refusal() is None][:1]
        training = TrainingCell(**axes, dataset="digits", lr=0.1, steps=1)
        if training.refusal() is None:
            yield training


EVERY_PAIR = pytest.param(None, marks=pytest.mark.thorough("every member is in the rounds, and in the oracles' tests"))


@pytest.fixture(scope="module", params=[ROUNDS, EVERY_PAIR])
def finished(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("members") / "grid.duckdb"
    grid = engine.Grid("every member", "", tuple(cells(request.param)))
    summary = engine.run(grid, path)
    with store.open(path) as handle:
        yield summary, handle


def test_no_cell_of_any_combination_fails(finished):
    summary, handle = finished
    errors = handle.query("SELECT DISTINCT error FROM cells WHERE status = 'failed'").fetchall()
    assert summary["cells_failed"] == 0, errors
    assert summary["cells_computed"] == summary["cells_total"]


def test_every_two_members_meet():
    drawn = [(cell.network, cell.init, cell.activation, cell.norm) for cell in cells()]
    for one, other in combinations(range(4), 2):
        met = {(row[one], row[other]) for row in drawn}
        alone = [{row[axis] for row in drawn} for axis in (one, other)]
        assert [pair for pair in product(*alone) if pair not in met and not refused(*pair)] == []


def refused(one, other):
    """Tell whether the engine refuses an initializer with an activation."""
    return isinstance(one, Initializer) and isinstance(other, Activation) and one.refusal(other) is not None


def test_every_member_took_part(finished):
    _, handle = finished
    for axis, family in (
        ("init", INITIALIZERS),
        ("activation", ACTIVATIONS),
        ("norm", NORMALIZATIONS),
        ("network", members(networks)),
    ):
        for study in ("propagation", "training"):
            sql = f"SELECT DISTINCT {axis} FROM cells WHERE study = $study"
            assert {name for (name,) in handle.query(sql, study=study).fetchall()} == {str(one) for one in family}


def test_theory_is_missing_only_where_weights_are_not_random(finished):
    _, handle = finished
    sql = """SELECT init, bool_and(theory_std IS NULL), bool_or(theory_std IS NULL) FROM activation_stats
             WHERE network = 'mlp' AND dataset = 'gaussian' GROUP BY init"""
    missing = {init: (always, ever) for init, always, ever in handle.query(sql).fetchall()}
    known = {str(init): not init.centred for init in INITIALIZERS}
    assert missing == {init: (known[init], known[init]) for init in missing}
    assert len(missing) > len(known) / 2
