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

SHAPE = {"depth": 2, "width": 4, "batch_size": 8}


def cells():
    """Yield cells with every pair of members that the engine does not refuse, propagated and trained."""
    turns = in_turn(ACTIVATIONS, NORMALIZATIONS, members(networks))
    network = {(activation, norm): one for activation, norm, one in turns}
    for init, activation, norm in in_turn(INITIALIZERS, ACTIVATIONS, NORMALIZATIONS):
        axes = SHAPE | {"network": network[activation, norm], "init": init, "activation": activation, "norm": norm}
        # Networks on images may need a data set of images.
        choices = (PropagationCell(**axes, dataset=dataset) for dataset in ("gaussian", "digits"))
        yield from [cell for cell in choices if cell.refusal() is None][:1]
        training = TrainingCell(**axes, dataset="digits", lr=0.1, steps=1)
        if training.refusal() is None:
            yield training


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("members") / "grid.duckdb"
    grid = engine.Grid("every member", "", tuple(cells()))
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
    sql = """SELECT DISTINCT init FROM activation_stats
             WHERE theory_std IS NULL AND network = 'mlp' AND dataset = 'gaussian'"""
    missing = {name for (name,) in handle.query(sql).fetchall()}
    assert missing == {str(init) for init in INITIALIZERS if not init.centred}
