"""One place decides what diverged, from the results, for every study."""

import math

import pyarrow as pa
import pytest

from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.studies import studies
from goldilocks.engine.studies.base import Outcome
from goldilocks.store import tables
from tests.device import DEVICE

QUANTITIES = [(study.name, one) for study in studies for one in study.quantities]
MEASURED_COLUMNS = [
    field.name
    for field in tables.schema("layers")
    if pa.types.is_floating(field.type) and not field.name.startswith("theory")
]


def measured(quantity, value, part=""):
    found = Measurements()
    found.add("good", quantity, 1.0)
    found.add("other", quantity, value, part=part)
    return Outcome(["good", "other"], {"measurements": found.table()})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("quantity", [one.name for _, one in QUANTITIES if one.decides])
def test_a_measured_value_that_is_not_finite_means_that_its_cell_diverged(quantity, value):
    outcome = measured(quantity, value)
    assert outcome.diverged == [False, True]
    assert outcome.diverged_at == [None, None]


@pytest.mark.parametrize("quantity", [one.name for _, one in QUANTITIES])
def test_a_prediction_says_nothing_about_a_network(quantity):
    assert measured(quantity, math.inf, part="theory").diverged == [False, False]
    assert measured(quantity, math.nan, part="theory, large batch").diverged == [False, False]


def test_every_study_has_something_that_decides():
    """Else a cell of it could be all NaN and called done."""
    for study in studies:
        assert not study.quantities or any(one.decides for one in study.quantities), study.name


@pytest.mark.parametrize("column", MEASURED_COLUMNS)
def test_a_statistic_that_is_not_finite_means_that_its_cell_diverged(column):
    blank = {field.name: 0.5 for field in tables.schema("layers")} | {"layer": 1}
    rows = [blank | {"cell_id": "good"}, blank | {"cell_id": "other", column: math.nan}]
    layers = pa.Table.from_pylist(rows, schema=tables.schema("layers"))
    assert Outcome(["good", "other"], {"layers": layers}).diverged == [False, True]


def test_what_theory_says_of_a_layer_decides_nothing():
    blank = {field.name: 0.5 for field in tables.schema("layers")} | {"layer": 1, "cell_id": "good"}
    layers = pa.Table.from_pylist([blank | {"theory_std": math.inf}], schema=tables.schema("layers"))
    assert Outcome(["good"], {"layers": layers}).diverged == [False]


# One update, the last, that is so large that nothing after it is finite; rates of grid files end before.
LAST_UPDATE = """
[[study]]
kind = "{kind}"
dataset = "digits"
width = 8
depth = 2
init = "kaiming"
activation = "relu"
norm = "{norm}"
optimizer = "sgd"
{rate} = 0.01
batch_size = {size}
{length} = 1
seed = 0
"""
BATCH_NORM = {"norm": "batch", "rate": "lr", "size": 16, "length": "steps"}
STUDIES = {
    "training": BATCH_NORM,
    "folding": BATCH_NORM,
    "symmetry": BATCH_NORM | {"norm": "none"},
    # An epoch of one batch.
    "discrepancy": BATCH_NORM | {"rate": "lr_per_example", "size": 1000, "length": "epochs"},
}


@pytest.mark.parametrize("kind", STUDIES)
def test_what_breaks_at_the_last_update_is_seen(kind):
    how = STUDIES[kind]
    (cell,) = Grid.from_toml(LAST_UPDATE.format(kind=kind, **how)).cells
    rate = {how["rate"]: 1e35 if kind == "discrepancy" else 1e38}
    broken = type(cell).model_construct(**dict(cell.fields()) | rate)
    assert cell.steps == 1
    outcome = studies.parse(kind).run([cell, broken], DEVICE, lambda share: None)
    assert outcome.diverged == [False, True]
