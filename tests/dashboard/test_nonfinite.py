"""Where nothing that was measured is finite, every page is still drawn, and says so instead of leaving a blank."""

import shutil

import duckdb
import pytest

from tests.dashboard.opening import PAGES, open_page

# Every number that was measured, also where the plane of order and chaos puts a network.
MEASURED = ("layers", "curves", "measurements", "layer_histograms")
KEYS = ("layer", "step", "position", "underflow", "overflow", "nonfinite")
WORST = {
    "nan": "'nan'",
    "infinite": "'inf'",
    "all of it": "CASE rowid % 4 WHEN 0 THEN 'nan' WHEN 1 THEN 'inf' WHEN 2 THEN '-inf' ELSE '1' END",
}
TELLING = ("lecture_chapter", "map_metric", "train_metric", "edge_colour", "bn_topic", "tap")
ASKED = {
    "lecture": {"lecture_answers": "true"},
    "activation_statistics": {"baseline": "xavier"},
    "trainability_map": {"map_tile": ["6", "xavier"]},
}


@pytest.fixture
def spoilt_store(store_of, tmp_path):
    """A copy of the store that a page is about, whose every measured number is replaced."""

    def copied(page, worst):
        path = tmp_path / "grid.duckdb"
        shutil.copy(store_of(page).resolve(), path)
        with duckdb.connect(str(path)) as connection:
            columns = connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE table_name IN $tables "
                "AND column_name NOT IN $keys AND data_type IN ('FLOAT', 'DOUBLE')",
                {"tables": list(MEASURED), "keys": list(KEYS)},
            ).fetchall()
            assert {table for table, _ in columns} == set(MEASURED)
            for table, column in columns:
                connection.execute(f"UPDATE {table} SET {column} = {worst}")
        return path

    return copied


@pytest.mark.parametrize("worst", WORST.values(), ids=WORST)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_drawn_although_nothing_is_finite(page, worst, spoilt_store, monkeypatch):
    app = open_page(page, spoilt_store(page, worst), monkeypatch, **ASKED.get(page, {}))
    _check(app)
    for widget in [*app.get("segmented_control"), *app.selectbox, *app.multiselect]:
        if widget.key in TELLING:
            choices = [widget.options] if widget.type == "multiselect" else widget.options
            for choice in choices:
                widget.set_value(choice).run()
                _check(app, widget.key, choice)


def _check(app, *where):
    assert not app.exception, (*where, app.exception[0].value, "".join(app.exception[0].proto.stack_trace[-4:]))
    assert not app.error, (*where, app.error[0].value)
    assert app.get("vega_lite_chart") or app.dataframe or app.info, where
