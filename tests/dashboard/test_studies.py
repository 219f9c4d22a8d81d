"""Pages over the studies: every topic, every quantity, whatever is chosen."""

from itertools import product

import pandas as pd
import pytest

from goldilocks import store
from goldilocks.dashboard import phase_plane
from goldilocks.dashboard.interval import BANDS
from tests.breadth import each_member
from tests.dashboard.opening import open_page, words

# The topics of batch norm that are studies of their own, with how many figures each has.
TOPICS = {
    "The layer (L9)": 3, "Regularization (L14)": 3, "Test time (L15)": 2, "Train and test (L16)": 3, "Very deep": 2,
}  # fmt: skip
# Those drawn from networks that this store lacks, with how many rows of the lecture each has.
LACKING = {"Depth and gradients (L10, L11)": 2, "Rates and scales (L12, L13)": 2}
STUDIES = ("batch_norm_layer", "deep_bn", "discrepancy", "folding", "mean_field", "preprocessing", "symmetry")


@pytest.mark.parametrize("page", ["preprocessing", "edge_of_chaos", "every_study", "batch_norm", "lecture", "runs"])
def test_a_page_is_drawn_from_its_study(page, studied_store, monkeypatch):
    app = open_page(page, studied_store, monkeypatch)
    assert not app.exception
    assert not app.error
    assert page == "runs" or app.get("vega_lite_chart")


@pytest.mark.parametrize(("topic", "band"), each_member(product(TOPICS, BANDS.values())))
def test_every_topic_of_batch_norm_that_was_measured_is_drawn(topic, band, studied_store, monkeypatch):
    figures = TOPICS[topic]
    app = open_page("batch_norm", studied_store, monkeypatch, bn_topic=topic, bn_band=band)
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == figures
    assert "goldilocks run" not in words(app)
    assert sum(band in caption.value for caption in app.caption) == figures


@pytest.mark.parametrize(("topic", "rows"), LACKING.items())
def test_a_topic_of_batch_norm_that_was_not_measured_says_what_to_run(topic, rows, studied_store, monkeypatch):
    app = open_page("batch_norm", studied_store, monkeypatch, bn_topic=topic)
    assert not app.exception
    assert not app.get("vega_lite_chart")
    assert len(app.info) == rows
    assert all("goldilocks run" in info.value for info in app.info)


def test_batch_norm_has_these_topics(studied_store, monkeypatch):
    app = open_page("batch_norm", studied_store, monkeypatch)
    (switch,) = [widget for widget in app.get("segmented_control") if widget.key == "bn_topic"]
    assert {*switch.options} == {*TOPICS, *LACKING}


@pytest.mark.parametrize("study", STUDIES)
def test_every_quantity_of_every_study_can_be_seen(study, studied_store, monkeypatch):
    with store.open(studied_store) as handle:
        expected = handle.measured_studies().df().set_index("study").loc[study, "quantities"]
    app = open_page("every_study", studied_store, monkeypatch, study_name=study)
    (chooser,) = [widget for widget in app.selectbox if widget.label == "Quantity"]
    assert len(chooser.options) == len(expected)
    for option in chooser.options:
        (chooser,) = [widget for widget in app.selectbox if widget.label == "Quantity"]
        chooser.select(option).run()
        assert not app.exception, option
        assert app.get("vega_lite_chart"), option


def test_any_axis_can_stand_anywhere(studied_store, monkeypatch):
    app = open_page("every_study", studied_store, monkeypatch, study_name="deep_bn")
    for label in ("Against", "Colour", "Panels"):
        (chooser,) = [widget for widget in app.selectbox if widget.label == label]
        for option in chooser.options:
            (chooser,) = [widget for widget in app.selectbox if widget.label == label]
            chooser.select(option).run()
            assert not app.exception, (label, option)
            assert app.get("vega_lite_chart")


def test_tiles_cover_the_plane_without_gap_or_overlap():
    points = pd.DataFrame({"weight_variance": [1.0, 2.0, 4.0] * 2, "bias_variance": [0.0] * 3 + [0.1] * 3})
    tiles = phase_plane.tiles(points)
    for _, row in tiles.groupby("bias"):
        assert row["weight_high"].tolist()[:-1] == row["weight_low"].tolist()[1:]
    assert ((tiles["weight_low"] <= tiles["weight"]) & (tiles["weight"] <= tiles["weight_high"])).all()
    assert tiles["bias_low"].min() == 0


def test_the_edge_is_where_chi_passes_one():
    points = pd.DataFrame({"weight_variance": [1.0, 2.0, 4.0], "bias_variance": 0.1, "chi": [0.5, 2.0, float("nan")]})
    edge = phase_plane.edge(points)
    assert edge.to_numpy().tolist() == [[1.5, 0.1]]
    assert phase_plane.edge(points.assign(chi=0.5)).empty


def test_points_without_a_finite_place_are_not_on_the_plane():
    points = pd.DataFrame({"weight_variance": [1.0, float("nan"), 2.0], "bias_variance": [0.0, 0.0, float("inf")]})
    assert phase_plane.placed(points).index.tolist() == [0]
    assert phase_plane.placed(points[1:]).empty
