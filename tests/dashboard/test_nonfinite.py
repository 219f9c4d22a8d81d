"""Where nothing that was measured is finite, every page is still drawn, and says so instead of leaving a blank."""

import shutil
from functools import cache

import duckdb
import pyarrow as pa
import pytest

from tests.breadth import only
from tests.dashboard.opening import PAGES, STORES, open_page, words

# Every number that was measured, also where the plane of order and chaos puts a network.
MEASURED = ("layers", "curves", "measurements", "layer_histograms", "taps")
KEYS = ("layer", "step", "position", "underflow", "overflow", "nonfinite")
WORST = {
    "nan": "'nan'",
    "infinite": "'inf'",
    "all of it": "CASE rowid % 4 WHEN 0 THEN 'nan' WHEN 1 THEN 'inf' WHEN 2 THEN '-inf' ELSE '1' END",
}
# Every page with all of it, and with one that is the same everywhere in turn.
SPOILT = [(page, kind) for place, page in enumerate(PAGES) for kind in (("nan", "infinite")[place % 2], "all of it")]
# Pages whose figures need finite places, without which they say what is missing.
PLACED = ("edge_of_chaos",)
# Pages that draw none of these numbers before they are asked to.
UNMEASURED = ("data_and_sql", "runs")
TELLING = ("lecture_chapter", "map_metric", "train_metric", "edge_colour", "bn_topic", "tap")
ASKED = {
    "lecture": {"lecture_answers": "true"},
    "activation_statistics": {"baseline": "xavier"},
    "trainability_map": {"map_tile": ["6", "xavier"]},
}


@pytest.fixture(scope="module")
def spoilt_store(request, tmp_path_factory):
    """A copy of the store that a page is about, whose every measured number is replaced: one for all its pages."""

    @cache
    def copied(name, kind):
        path = tmp_path_factory.mktemp("spoilt") / "grid.duckdb"
        shutil.copyfile(request.getfixturevalue(name).resolve(), path)
        with duckdb.connect(str(path)) as connection:
            columns = connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE table_name IN $tables "
                "AND column_name NOT IN $keys AND data_type IN ('FLOAT', 'DOUBLE') "
                # What is dead at a site has a figure only where something is.
                "AND NOT (table_name = 'taps' AND starts_with(column_name, 'frac_'))",
                {"tables": list(MEASURED), "keys": list(KEYS)},
            ).fetchall()
            assert {table for table, _ in columns} == set(MEASURED)
            for table in MEASURED:
                changes = ", ".join(f"{column} = {WORST[kind]}" for place, column in columns if place == table)
                connection.execute(f"UPDATE {table} SET {changes}")
            # As the engine calls cells whose layers are not finite.
            connection.execute("UPDATE cells SET status = 'diverged' WHERE study = 'propagation'")
        return path

    return lambda page, kind: copied(STORES.get(page, "filled_store"), kind)


@pytest.fixture(scope="module")
def remembered():
    """What each page shows of finite numbers, once it has been looked at."""
    return {}


@pytest.fixture
def sound(store_of, remembered, monkeypatch):
    """What a page shows when its numbers are finite, by what was chosen on it."""

    def looked_at(page):
        if page not in remembered:
            app = open_page(page, store_of(page), monkeypatch, **ASKED.get(page, {}))
            remembered[page] = {chosen: _shown(app) for chosen in _choices(app)}
        return remembered[page]

    return looked_at


@pytest.mark.essential("values that are not finite are results")
@pytest.mark.parametrize(("page", "kind"), only(SPOILT, ("convergence", "nan"), ("every_study", "all of it")))
def test_a_page_is_drawn_although_nothing_is_finite(page, kind, spoilt_store, sound, monkeypatch):
    finite = sound(page)
    app = open_page(page, spoilt_store(page, kind), monkeypatch, **ASKED.get(page, {}))
    for chosen in _choices(app):
        assert not app.exception, (chosen, app.exception[0].value, "".join(app.exception[0].proto.stack_trace[-4:]))
        assert not app.error, (chosen, app.error[0].value)
        figures, tables, told = _shown(app)
        usual_figures, usual_tables, usually_told = finite[chosen]
        as_usual = (figures, tables) == (usual_figures, usual_tables)
        assert as_usual or (page in PLACED and told - usually_told), chosen
        assert page in UNMEASURED or not figures or _says_what_is_lost(app), chosen


def _choices(app):
    """Choose everything that a page offers, one after the other, and tell each choice when it has been made."""
    yield ()
    for widget in [*app.get("segmented_control"), *app.selectbox, *app.multiselect]:
        if widget.key in TELLING:
            choices = [widget.options] if widget.type == "multiselect" else widget.options
            for choice in choices:
                widget.set_value(choice).run()
                yield widget.key, str(choice)


def _shown(app):
    """Return how many figures and tables a page shows, and what it tells its reader."""
    return len(app.get("vega_lite_chart")), len(app.dataframe), {info.value for info in app.info}


def _says_what_is_lost(app):
    """Tell whether a page says that something overflows, or a figure marks with a cross what was lost."""
    rows = [row for figure in app.get("vega_lite_chart") for frame in figure.proto.datasets for row in _rows(frame)]
    return "overflows" in words(app) or any(row.get("lost") for row in rows)


def _rows(frame):
    return pa.ipc.open_stream(frame.data.data).read_all().to_pylist()
