"""How the axis of a quantity is chosen."""

import numpy as np
import pandas as pd
import pytest

import store
from dashboard import choice, quantities
from dashboard.quantities import Question


def named(*means):
    return pd.DataFrame({"mean": means, "low": np.array(means) - 0.1, "high": np.array(means) + 0.1})


@pytest.mark.parametrize(
    ("means", "zero"),
    [((1.0, 1.08), False), ((0.1, 1.0), True), ((-1.0, 1.0), True), ((np.nan, np.inf), True), ((0.0, 0.0), True)],
)
def test_an_axis_starts_at_zero_unless_all_is_far_above_it(means, zero):
    assert quantities._from_zero(named(*means)) is zero


def test_a_share_stays_one_where_its_interval_reaches_beyond():
    assert quantities._is_share(named(0.5, 0.99), "Test accuracy")
    assert not quantities._is_share(named(0.5, 1.01), "Test accuracy")
    assert not quantities._is_share(named(0.5, 0.99), "Loss")


@pytest.mark.parametrize(
    ("parts", "said"),
    [(["layer 1", "layer 2"], "Layer"), (["scratch", "fine_tune"], "Scheme"), (["layer 1", "all"], "Scheme")],
)
def test_parts_are_called_what_they_are(parts, said):
    assert quantities._parts_are(Question("any", "any", part="Scheme"), pd.DataFrame({"part": parts})) == said


def test_what_all_parts_end_in_is_not_repeated(transferred_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(transferred_store))
    with store.open() as opened:
        parts = opened.named("quantity_parts", study="transfer", quantity="layer_shift").df()["part"]
    ending = f", {parts.iloc[0].partition(', ')[2]}"
    wanted = tuple(parts[parts.str.endswith(ending)])
    picture = quantities.picture(Question("transfer", "layer_shift", parts=wanted, ending=ending))
    assert set(picture.data["part"]) == {part.partition(", ")[0] for part in wanted}


def test_what_a_study_lacks_is_not_told(studied_store, monkeypatch):
    said = []
    monkeypatch.setenv("GOLDILOCKS_STORE", str(studied_store))
    monkeypatch.setattr(choice.st, "caption", said.append)
    choice.cells("preprocessing", "prep", {}, main=())
    assert said
    assert "0 layers" not in said[0]
    assert "width 0" not in said[0]
