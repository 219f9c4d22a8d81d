"""Parallel coordinates: every value stands on its axis where it belongs, and what is not finite nowhere."""

import json

import altair as alt
import numpy as np
import pandas as pd
import pytest

from goldilocks.dashboard.charts.parallel import Coordinate, parallel
from goldilocks.dashboard.figure import rendered
from tests.dashboard.opening import open_page, words

FRAME = pd.DataFrame(
    {
        "configuration": ["a", "b", "c"],
        "norm": ["none", "batch", "none"],
        "depth": [2, 10, 10],
        "loss": [0.01, 1.0, np.inf],
        "accuracy": [0.25, 1.0, np.nan],
    }
)
COORDINATES = [
    Coordinate("norm", "Norm", ["none", "batch"]),
    Coordinate("depth", "Depth", [2, 10]),
    Coordinate("loss", "Loss", logarithmic=True),
    Coordinate("accuracy", "Accuracy", share=True),
]


def drawn(frame):
    return parallel(frame, COORDINATES, "norm", "Norm", ["none", "batch"], ["#123456", "#d9590b"])


@pytest.mark.parametrize("frame", [FRAME, FRAME.head(1), FRAME.head(0)], ids=["three", "one", "none"])
def test_the_figure_is_valid_whatever_there_is(frame):
    before = frame.copy(deep=True)
    spec = drawn(frame).to_dict()
    pd.testing.assert_frame_equal(frame, before)
    assert alt.Chart.from_json(json.dumps(spec, allow_nan=False)).to_dict(validate=True)
    assert rendered("SVG", spec).startswith(b"<svg")


def test_values_stand_where_they_belong():
    points = drawn(FRAME).data["points"].set_index(["configuration", "axis"])["place"].unstack()
    assert points["Norm"].tolist() == [0.25, 0.75, 0.25]
    assert points["Depth"].tolist() == [0.25, 0.75, 0.75]
    assert points["Loss"].tolist()[:2] == [0, 1]
    assert points["Accuracy"].tolist()[:2] == [0.25, 1]
    assert points.loc["c", ["Loss", "Accuracy"]].isna().all()


def test_an_outcome_that_nobody_reached_does_not_part_the_lines(filled_store, monkeypatch):
    app = open_page("convergence", filled_store, monkeypatch)
    assert "Not shown, since no configuration has a value: steps to test accuracy 0.90." in words(app)
    (across,) = [one.spec for one in app.get("vega_lite_chart") if "Final training loss" in one.spec]
    assert "Steps to" not in across
