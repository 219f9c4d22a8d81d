"""Altair describes each shape of figure once; what differs among its figures is filled in, whatever stands in it."""

import altair as alt
import pytest

from goldilocks.dashboard.charts import line_template
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.template import described, slot
from tests.dashboard.test_charts import INIT, LAYER, VALUE, rows

HOSTILE = ['"', "\\", "⟦title⟧", '"⟦title⟧"', "\n", "</script>", "\ud7ff", "{}"]


@described
def dots(size):
    title = slot("title")
    encoding = alt.X(field="x", type="quantitative", title=title, axis=alt.Axis(labelExpr=f"{slot('number')} + 1"))
    return alt.Chart(alt.NamedData("rows")).mark_point(size=size).encode(x=encoding)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_filled_in_stays_what_it_is(text):
    spec = dots(3).filled({"title": text, "number": text})
    assert spec["encoding"]["x"]["title"] == text
    assert spec["encoding"]["x"]["axis"]["labelExpr"] == f"{text} + 1"
    assert spec["mark"] == {"aria": False, "type": "point", "size": 3}


@pytest.mark.parametrize("value", [None, 1.5, ["a", "b"], {"expr": "x"}])
def test_a_slot_takes_any_value(value):
    assert dots(3).filled({"title": value, "number": 2})["encoding"]["x"]["title"] == value


def test_a_shape_is_described_once_and_its_figures_are_their_own():
    assert dots(3) is dots(3)
    assert dots(3) != dots(4)
    line_template.template.cache_clear()
    for names in (["xavier", "kaiming"], ["kaiming", "xavier"]):
        chart = lines(rows(), LAYER, VALUE, Axis("init", "Of " + names[0], values=names))
        assert chart.spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == names
        assert chart.spec["layer"][0]["encoding"]["color"]["title"] == "Of " + names[0]
    assert line_template.template.cache_info().currsize == 1
    lines(rows(), LAYER, VALUE, INIT, points=False)
    assert line_template.template.cache_info().currsize == 2


def test_altair_checks_elsewhere_as_before():
    dots(5)
    with pytest.raises(alt.utils.schemapi.SchemaValidationError):
        alt.Scale(zero="perhaps")
