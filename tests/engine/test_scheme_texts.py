"""A scheme's text means one thing: each parameter once, numbers that are numbers, and one zero; for every member."""

import pytest

from goldilocks.engine.activations import activations
from goldilocks.engine.data import datasets
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.initializers import initializers
from goldilocks.engine.networks import networks
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.optimizers import optimizers
from goldilocks.engine.preprocessings import preprocessings
from goldilocks.engine.scheme import types_of

REGISTRIES = (initializers, activations, normalizations, networks, optimizers, preprocessings, datasets)
NUMBERS = [
    (registry, member, key)
    for registry in REGISTRIES
    for member in registry
    for key, field in member.model_fields.items()
    if types_of(field.annotation) & {int, float}
]
IDS = [f"{member.name}.{key}" for _, member, key in NUMBERS]
GRID = """
[[study]]
kind = "training"
dataset = "digits"
width = 8
depth = 2
activation = "tanh"
batch_size = 4
steps = 2
"""


@pytest.mark.parametrize(("registry", "member", "key"), NUMBERS, ids=IDS)
@pytest.mark.parametrize("value", ["True", "False", "'2'", "b'2'"])
def test_what_is_no_number_is_refused_by_name(registry, member, key, value):
    with pytest.raises(RequestError, match=rf"{member.name}: {key} = .*a number is required"):
        registry.parse(f"{member.name}({key}={value})")


@pytest.mark.parametrize(("registry", "member", "key"), NUMBERS, ids=IDS)
@pytest.mark.parametrize("again", ["2, {key}=2", "2, {key}=3", "[1, 2], {key}=[3]"])
def test_a_parameter_that_is_given_twice_is_refused(registry, member, key, again):
    with pytest.raises(RequestError, match=f"{key} is given 2 times"):
        registry.parse(f"{member.name}({key}={again.format(key=key)})")


@pytest.mark.parametrize(("registry", "member", "key"), NUMBERS, ids=IDS)
def test_zero_has_no_sign(registry, member, key):
    texts = [f"{member.name}({key}={zero})" for zero in ("0", "0.0", "-0.0", "-0", "-0e5")]
    found = set()
    for text in texts:
        try:
            found.add(repr(registry.parse(text).spec()))
        except RequestError:
            found.add("refused")
    assert len(found) == 1, found


CELLS = {
    "zeros": ('init = ["normal(std=0)", "normal(std=-0.0)", "normal(std=[0.0, -0])"]\nlr = 0.1', 1),
    "repeated": ('init = ["xavier", "xavier", "lecun_normal"]\nlr = [0.1, 0.10, 1e-1]', 2),
    "signed seeds": ('init = "xavier"\nlr = 0.1\nseed = [0, -0, 0]', 1),
}


@pytest.mark.parametrize("case", CELLS)
def test_values_that_are_the_same_make_one_cell(case):
    more, cells = CELLS[case]
    found = Grid.from_toml(GRID + more).cells
    assert len({cell.cell_id for cell in found}) == len(found) == cells


REFUSED = ("true", "[0.1, true]", "-0.0", "1e400", "-inf", "nan", "[[0.1]]")


@pytest.mark.parametrize("value", REFUSED)
def test_values_that_are_no_rate_are_refused_by_key(value):
    with pytest.raises(RequestError, match="lr = "):
        Grid.from_toml(f'{GRID}init = "xavier"\nlr = {value}')


@pytest.mark.parametrize("key", ["width", "depth", "batch_size", "steps"])
@pytest.mark.parametrize("value", ["true", "[8, false]", "8.0", "1e400"])
def test_values_that_are_no_whole_number_are_refused_by_key(key, value):
    lines = [line for line in GRID.splitlines() if not line.startswith(f"{key} ")]
    with pytest.raises(RequestError, match=f"{key} = "):
        Grid.from_toml("\n".join([*lines, 'init = "xavier"', "lr = 0.1", f"{key} = {value}"]))


def test_a_cell_that_is_made_in_python_takes_no_truth_value_for_a_number():
    from goldilocks.engine.training.cell import TrainingCell

    axes = {
        "dataset": "digits",
        "init": "xavier",
        "activation": "tanh",
        "depth": 1,
        "width": 8,
        "batch_size": 4,
        "steps": 1,
    }
    assert TrainingCell(**axes, lr=0.5).lr == 0.5
    with pytest.raises(ValueError, match="a number is required"):
        TrainingCell(**axes, lr=True)
