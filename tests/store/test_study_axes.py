"""The axes that one study has alone are in every view, as text and as numbers, for stores of any age."""

from __future__ import annotations

import pytest

from goldilocks import store
from goldilocks.store.checks.check import check
from goldilocks.store.exchange.export import export
from goldilocks.store.exchange.merge import merge
from goldilocks.store.schema import migrate, study_axes
from tests.store.builder import Batch, write

SPECS = {
    "numbers": ({"epochs": 10, "rate": 1e-05}, {"epochs": "10", "rate": "0.00001"}, {"epochs": 10.0, "rate": 1e-05}),
    "texts": ({"simulate": "yes", "flag": True}, {"simulate": "yes", "flag": "true"}, {}),
    "a member": ({"source": {"name": "digits"}}, {"source": "digits"}, {}),
    "its parameters": (
        {"source": {"name": "own", "folder": "a b", "size": 8}},
        {"source": "own(folder=a b, size=8)"},
        {},
    ),
    "nothing": ({"odd": None}, {"odd": None}, {}),
    "a list": ({"sizes": [1, 2]}, {"sizes": "[1,2]"}, {}),
    "none": ({}, {}, {}),
}


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    batch = Batch().run()
    batch.metric("anything")
    for name, (axes, *_) in SPECS.items():
        cell_id = batch.cell("odd", init=name, **axes)
        batch.measurement(cell_id, "anything", 1.0)
    return write(tmp_path_factory.mktemp("axes") / "grid.duckdb", batch)


@pytest.fixture(scope="module")
def copy(layout):
    with migrate.empty() as connection:
        connection.execute(f"ATTACH '{layout.resolve()}' AS there (READ_ONLY)")
        connection.execute("INSERT INTO cells BY NAME FROM there.cells")
        yield connection


@pytest.fixture
def changeable(copy):
    """A connection to the cells; what is changed is put right again."""
    copy.execute("BEGIN")
    yield copy
    copy.execute("ROLLBACK")


def maps(layout: store.Layout) -> dict[str, tuple[dict, dict]]:
    with store.open(layout) as opened:
        rows = opened.query("SELECT init, study_axes, study_numbers FROM quantities").fetchall()
    return {init: (texts, numbers) for init, texts, numbers in rows}


def test_a_view_has_them_as_text_and_as_numbers(layout):
    assert maps(layout) == {name: (texts, numbers) for name, (_, texts, numbers) in SPECS.items()}
    assert [finding.detail for finding in check(layout) if not finding.holds] == []


def test_they_come_back_from_an_export_and_a_merge(layout, tmp_path):
    with store.open(layout) as opened:
        export(opened, tmp_path / "tables")
    for number, source in enumerate((layout.resolve(), tmp_path / "tables")):
        copy = store.Layout.at(tmp_path / f"{number}.duckdb")
        merge(copy, source)
        assert maps(copy) == maps(layout)


def test_the_columns_are_those_that_have_no_map(layout):
    with store.open(layout) as opened:
        columns = opened.query("SELECT * FROM axes LIMIT 0").columns
    assert set(columns) == {"cell_id", *study_axes.COLUMNS, *study_axes.MAPS}


@pytest.mark.parametrize(
    "change",
    [
        "study_axes = MAP {'epochs': '9', 'rate': '0.00001'}",
        "study_axes = MAP {'epochs': '10'}",
        "study_axes = MAP {'epochs': '10', 'rate': '0.00001', 'more': '1'}",
        "study_numbers = MAP {'epochs': 9.0, 'rate': 1e-05}",
        "study_numbers = MAP {'epochs': 10.0}",
        "study_axes = MAP {}",
    ],
)
def test_the_invariant_notices_maps_that_do_not_follow_from_the_spec(changeable, change):
    from goldilocks.store import queries
    from goldilocks.store.checks.rows import FOLDER

    sql = queries.parse("axes_match_spec", (FOLDER / "axes_match_spec.sql").read_text(encoding="utf-8")).sql
    assert changeable.execute(sql).fetchall() == []
    changeable.execute(f"UPDATE cells SET {change} WHERE init = 'numbers'")
    assert changeable.execute(sql).fetchall() != []


def test_numbers_sort_as_numbers(layout):
    with store.open(layout) as opened:
        sql = "SELECT study_numbers['epochs'] AS epochs FROM (VALUES (MAP {'epochs': 9.0}), (MAP {'epochs': 10.0})) "
        assert opened.query(f"{sql} AS t(study_numbers) ORDER BY ALL").fetchall() == [(9.0,), (10.0,)]
