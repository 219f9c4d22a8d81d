"""The synthetic store of the benchmark is a sound one, and its measurements are complete."""

from goldilocks import store
from goldilocks.engine.bench import store_scale, synthetic_store
from goldilocks.store import queries
from goldilocks.store.checks.check import check


def test_a_synthetic_store_passes_every_check(tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic_store, "CELLS_PER_ENTRY", 40)
    layout = store.Layout.at(tmp_path / "grid.duckdb")
    with store.WriterLock(layout):
        grown = synthetic_store.SyntheticStore(layout, 100, 20)
        grown.begin()
        assert grown.grow(1) + grown.grow() == 120
        store.publish(layout)
    assert [finding for finding in check(layout) if not finding.holds] == []
    with store.open(layout) as handle:
        counts = "SELECT count(*) FROM curves UNION ALL SELECT count(*) FROM layer_histograms"
        assert handle.query(counts).fetchall() == [(100 * 21,), (20 * 20 * 3,)]


def test_there_are_enough_different_cells_for_the_largest_size():
    assert sum(1 for _ in synthetic_store.training_axes()) > max(store_scale.SIZES)
    assert sum(1 for _ in synthetic_store.propagation_axes()) >= max(store_scale.SIZES) // store_scale.PROPAGATION_SHARE


def test_a_small_store_is_measured_in_every_respect(monkeypatch):
    monkeypatch.setattr(store_scale, "SIZES", (100, 10**9))
    monkeypatch.setattr(synthetic_store, "CELLS_PER_ENTRY", 40)
    monkeypatch.setattr(store_scale, "CALLS", 1)
    monkeypatch.setattr(store_scale, "PUBLICATIONS", 1)
    (result,) = store_scale.measure(2000)
    assert result["check_broken"] == []
    assert set(result["query_seconds"]) == set(queries.all())
    assert 0 < result["query_seconds_95"] <= result["slowest_query_seconds"]


def test_a_page_asks_for_something_that_is_there(tmp_path):
    query = queries.get("assignment_2_weight_scale")
    assert set(store_scale.arguments(query)) == {one.name for one in query.parameters} - {"network"}
    assert store_scale.arguments(queries.get("signal_by_layer"))["width"] == 64
