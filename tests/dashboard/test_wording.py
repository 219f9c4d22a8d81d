"""What pages say about what they show is true of it."""

import pytest

from goldilocks import store
from tests.dashboard.opening import open_page, words

BAND = "bn_band"
OF_ROWS = ("Depth and gradients (L10, L11)", "Rates and scales (L12, L13)")


def test_dead_units_are_those_that_no_gradient_passes(filled_store, monkeypatch):
    with store.open(filled_store) as handle:
        sql = "SELECT comment FROM duckdb_columns() WHERE table_name = 'layers' AND column_name = 'frac_dead_units'"
        ((comment,),) = handle.query(sql).fetchall()
    said = words(open_page("activation_statistics", filled_store, monkeypatch))
    for part in ("derivative is", "zero on every example of the batch", "no gradient passes"):
        assert part in comment
        assert part in said


def test_a_value_that_only_the_chosen_network_lacks_is_not_said_to_be_missing_from_the_store(filled_store, monkeypatch):
    said = words(open_page("activation_statistics", filled_store, monkeypatch, init=["xavier", "kaiming_uniform"]))
    assert "`kaiming_uniform`, which cannot be chosen here" in said
    assert "this store does not have" not in said


@pytest.mark.parametrize("topic", ["The layer (L9)", "Very deep", *OF_ROWS])
def test_a_band_is_offered_where_it_changes_a_figure(topic, studied_store, monkeypatch):
    app = open_page("batch_norm", studied_store, monkeypatch, bn_topic=topic)
    assert not app.exception
    assert [widget.key for widget in app.selectbox].count(BAND) == (topic not in OF_ROWS)


def test_nothing_is_claimed_of_filters_that_cannot_be_seen_in_them(transferred_store, monkeypatch):
    said = words(open_page("transfer", transferred_store, monkeypatch))
    assert "grey scale of its own" in said
    assert "edges" not in said
