"""Identity: the same question asked twice is the same cell, and any other question is another one."""

import contextlib
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldilocks.engine.catalog import REGISTRIES
from goldilocks.engine.cell import BATCHED
from goldilocks.engine.data import datasets
from goldilocks.engine.data.downloaded import Downloaded
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.initializers import initializers
from goldilocks.engine.preprocessings import preprocessings
from goldilocks.engine.studies import studies
from goldilocks.engine.studies.propagation import PropagationCell
from goldilocks.engine.training.cell import TrainingCell
from tests.breadth import each_member
from tests.device import DEVICE
from tests.engine.members import members
from tests.pairs import in_rounds

BASE = {"init": "xavier", "activation": "tanh", "depth": 3, "width": 8, "batch_size": 4}


def cell(**changes):
    return PropagationCell(**{**BASE, **changes})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"init": "he_normal"}, {"init": "kaiming"}),
        ({"init": "xavier_normal(gain=1)"}, {"init": "glorot_normal"}),
        ({"activation": "leaky_relu"}, {"activation": "leaky_relu(slope=0.01)"}),
        ({"norm": "batch"}, {"norm": "bn(momentum=0.1, eps=1e-5)"}),
        ({}, {"norm": "none", "seed": 0, "dataset": "gaussian", "network": "mlp", "preprocessing": "raw"}),
    ],
)
def test_aliases_and_defaults_do_not_change_the_identity(one, other):
    assert cell(**one).cell_id == cell(**other).cell_id
    assert cell(**one).row() == cell(**other).row()


@pytest.mark.parametrize(
    "change",
    [{"init": "kaiming"}, {"activation": "relu"}, {"norm": "batch"}, {"depth": 4}, {"width": 9}, {"seed": 1},
     {"batch_size": 5}, {"dataset": "digits"}, {"preprocessing": "center"}, {"init": "xavier_normal"}],
    ids=str,
)  # fmt: skip
def test_every_field_is_part_of_the_identity(change):
    assert cell(**change).cell_id != cell().cell_id


def test_the_id_is_the_hash_of_the_stored_json():
    row = cell(init="normal(std=0.01)").row()
    assert row["cell_id"] == hashlib.sha256(row["spec"].encode()).hexdigest()[:16]
    assert json.loads(row["spec"])["init"] == {"name": "normal", "std": 0.01}


@pytest.mark.parametrize("kind", REGISTRIES)
def test_a_member_is_read_back_from_its_own_text_and_aliases(kind):
    for member in members(REGISTRIES[kind]):
        assert REGISTRIES[kind].parse(str(member)) == member
        for alias in member.aliases:
            assert REGISTRIES[kind].parse(str(member).replace(member.name, alias, 1)) == member


DATASETS = [member.name for member in members(datasets) if member.classes]


@pytest.mark.parametrize(
    ("dataset", "preprocessing"), each_member(in_rounds(DATASETS, [member.name for member in preprocessings]))
)
def test_a_grid_may_name_every_data_set_and_preprocessing(dataset, preprocessing):
    for study, extra in (("propagation", ""), ("training", "lr = 0.1\nsteps = 2\n")):
        text = f"""[[study]]
        kind = "{study}"
        dataset = "{dataset}"
        preprocessing = "{preprocessing}"
        init = "kaiming"
        activation = "relu"
        depth = 1
        width = 4
        batch_size = 8
        {extra}"""
        (cell,) = Grid.from_toml(text).cells
        if isinstance(cell.dataset, Downloaded):
            continue
        outcome = studies.parse(study).run([cell], DEVICE, lambda share: None)
        assert outcome.diverged == [False]


@given(st.floats(min_value=0, max_value=1e30))
def test_numbers_survive_the_way_through_text(std):
    written = str(initializers.parse(f"normal(std={std!r})"))
    assert initializers.parse(written).std == std


@given(st.text(max_size=30))
def test_any_other_text_is_refused_and_nothing_is_executed(text):
    with contextlib.suppress(RequestError):
        initializers.parse(text)


@pytest.mark.parametrize(
    "text", ["normal(0.1)", "normal(**{'std': 0.1})", "normal(std=x())", "normal(std=)", "f().g()", ""]
)
def test_a_text_of_another_form_is_refused_as_such(text):
    with pytest.raises(RequestError, match="is not of the form name"):
        initializers.parse(text)


def test_a_bare_word_is_refused_with_the_text_in_quotation_marks():
    with pytest.raises(RequestError, match=r"'normal\(std=x\)': text needs quotation marks: write std='x'"):
        initializers.parse("normal(std=x)")


def test_the_cause_of_a_refused_form_is_kept():
    with pytest.raises(RequestError) as refused:
        initializers.parse("normal(std=x())")
    assert "malformed node" in str(refused.value.__cause__)


def test_static_fields_shape_the_program_and_batched_ones_do_not():
    one = TrainingCell(dataset="digits", lr=0.1, steps=5, **BASE)
    same = TrainingCell(dataset="digits", lr=0.2, steps=5, **{**BASE, "init": "he", "seed": 7})
    other = TrainingCell(dataset="digits", lr=0.1, steps=5, **{**BASE, "activation": "relu"})
    assert one.static == same.static != other.static
    for study in studies:
        batched = {key for key, axis in study.cell.model_fields.items() if BATCHED in axis.metadata}
        assert {"init", "seed"} <= batched
