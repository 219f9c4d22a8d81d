"""Altair describes each shape of figure once; what differs among its figures is filled in, whatever stands in it."""

import threading

import altair as alt
import pytest

from goldilocks.dashboard.charts import line_template, template
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


class Gate:
    """A lock that says who has come."""

    def __init__(self):
        self.lock, self.first, self.second = threading.Lock(), threading.Event(), threading.Event()

    def __enter__(self):
        (self.second if self.first.is_set() else self.first).set()
        self.lock.acquire()

    def __exit__(self, *_):
        self.lock.release()


def test_charts_described_at_once_keep_their_values_and_leave_altair_as_it_was(monkeypatch):
    gate, before, described_ones = Gate(), alt.data_transformers.options, []
    monkeypatch.setattr(template, "_describing", gate)

    @described
    def own_values(wait):
        # The first is being described still when the second comes.
        assert not wait or gate.second.wait(20)
        return alt.Chart(alt.InlineData(values=[{"x": 1}])).mark_point()

    threads = [threading.Thread(target=lambda wait=wait: described_ones.append(own_values(wait))) for wait in (1, 0)]
    for thread in threads:
        thread.start()
        assert gate.first.wait(20)
    for thread in threads:
        thread.join()
    assert [one.filled({})["data"] for one in described_ones] == [{"values": [{"x": 1}]}] * 2
    assert alt.data_transformers.options == before
