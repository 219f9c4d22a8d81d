"""How the axis of a quantity is chosen."""

import numpy as np
import pandas as pd
import pytest

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


def test_what_a_study_lacks_is_not_told(studied_store, monkeypatch):
    said = []
    monkeypatch.setenv("GOLDILOCKS_STORE", str(studied_store))
    monkeypatch.setattr(choice.st, "caption", said.append)
    choice.cells("preprocessing", "prep", {}, main=())
    assert said
    assert "0 layers" not in said[0]
    assert "width 0" not in said[0]
