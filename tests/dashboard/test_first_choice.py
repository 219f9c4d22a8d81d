"""What a page about trained networks shows before anybody has chosen: values that have results together."""

from goldilocks.dashboard.lecture.setting import RELU, XAVIER
from tests.dashboard.opening import open_page, words
from tests.store.builder import Batch, write


def test_convergence_begins_with_depths_that_were_trained_under_what_it_begins_with(tmp_path, monkeypatch):
    batch = Batch().run()
    for depth in (5, 10):
        batch.training(init=XAVIER, activation=RELU, lr=0.1, depth=depth)
    for depth in (5, 8, 12, 20):
        batch.training(init="kaiming", activation=RELU, lr=0.1, depth=depth)
    app = open_page("convergence", write(tmp_path / "grid.duckdb", batch).path, monkeypatch)
    (depths,) = [one for one in app.multiselect if one.key == "train_depth"]
    assert depths.value == [5, 10]
    assert "No results in combination" not in words(app)


def test_where_nothing_was_trained_under_that_it_begins_with_what_was(tmp_path, monkeypatch):
    batch = Batch().run()
    for depth in (5, 8):
        batch.training(init="kaiming", activation="tanh", lr=0.5, depth=depth)
    app = open_page("convergence", write(tmp_path / "grid.duckdb", batch).path, monkeypatch)
    (depths,) = [one for one in app.multiselect if one.key == "train_depth"]
    assert depths.value == [5, 8]
    assert app.get("vega_lite_chart")
