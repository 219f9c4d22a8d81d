"""The presets hold every row of the lecture: the demo in small, `full` at its limits."""

import tomllib
from collections import defaultdict
from itertools import product

import pytest

from goldilocks import store
from goldilocks.engine.grid.presets import preset_text
from tests.lecture.presets import studies


@pytest.mark.parametrize("preset", ["demo", "full"])
def test_presets_hold_every_row(preset):
    linear = studies(preset, 'kind = "preprocessing"')
    images = {"digits", "fashion-small", "photos-colour", "photos-grey"}
    assert {str(cell.dataset) for cell in linear} == images | {"cloud"}
    assert {"raw", "center", "standardize", "pca", "whiten"} <= {str(cell.preprocessing) for cell in linear}
    for words in (["symmetry", "zeros"], ["fashion-1000", "width = 50"], ["fashion-1000", "width = 100"]):
        assert studies(preset, *words)


@pytest.mark.parametrize("study", ["training", "propagation"])
def test_the_headline_of_the_demo_has_no_holes(study):
    """Eight initializations × four activations × five depths × batch norm or none, before training and after."""
    axes = ("init", "activation", "depth", "norm", "seed")
    cells = [cell for cell in studies("demo", f'kind = "{study}"', "lsuv") if str(cell.network) == "mlp"]
    places = {tuple(str(getattr(cell, axis)) for axis in axes) for cell in cells}
    values = [sorted(set(column)) for column in zip(*places, strict=True)]
    assert [len(column) for column in values] == [8, 4, 5, 2, 3]
    assert places == set(product(*values))
    assert len({(str(cell.dataset), str(cell.preprocessing), cell.width, cell.batch_size) for cell in cells}) == 1


def test_the_planes_of_the_demo_are_fine_enough_to_be_smooth():
    planes = defaultdict(set)
    for cell in studies("demo", 'kind = "mean_field"', '"""'):
        planes[str(cell.activation)].add((cell.weight_variance, cell.bias_variance))
    assert planes
    for points in planes.values():
        weights, biases = ({point[axis] for point in points} for axis in (0, 1))
        assert points == set(product(weights, biases))
        assert (len(weights) >= 60, len(biases) >= 40) == (True, True)


@pytest.mark.parametrize("preset", ["demo", "full"])
@pytest.mark.parametrize(("study", "query"), [("discrepancy", "lecture_14_claims"), ("transfer", "lecture_17_claims")])
def test_claims_are_confirmed_on_seeds_that_were_not_used_for_selection(preset, study, query):
    selection = store.queries.get(query).bind({})["selection"]
    seeds = {cell.seed for cell in studies(preset, f'kind = "{study}"')}
    assert len(seeds) >= 5
    assert min(seeds) >= selection


@pytest.mark.parametrize("preset", ["demo", "full"])
def test_target_sets_have_every_size_the_lecture_asks_for(preset):
    cells = studies(preset, 'kind = "transfer"')
    targets = {str(cell.dataset) for cell in cells}
    assert targets == {"fashion-target", "digits-28"}
    for target in targets:
        assert {cell.per_class for cell in cells if str(cell.dataset) == target} == {5, 20, 100, 500}


def test_full_sweeps_depth_and_rates_as_far_as_the_lecture():
    whole = [
        study
        for study in tomllib.loads(preset_text("full"))["study"]
        if study["kind"] == "training" and isinstance(study.get("lr"), list) and isinstance(study.get("depth"), list)
    ]
    assert any(
        min(study["depth"]) <= 2
        and max(study["depth"]) >= 50
        and max(study["lr"]) / min(study["lr"]) >= 1e4
        and {"none", "batch"} <= set(study["norm"])
        for study in whole
    )
