"""The first screen: all claims with verdict, number, thumbnail and link; nothing is told before it is asked."""

import base64
import re
from urllib.parse import parse_qs, urlparse
from xml.etree import ElementTree

import pandas as pd
import pytest

from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.thumbnail import HEIGHT, WIDTH, thumbnail
from goldilocks.dashboard.lecture import overview
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.lecture.judgment import VERDICTS, Measured, Number, Sentence, judge
from tests.breadth import few
from tests.dashboard.opening import open_page, words

ROWS = {row.number: row for rows in CHAPTERS.values() for row in rows}
HOSTILE = "<img src=x onerror=alert(1)>"
BADGE = re.compile(r'class="verdict [a-z]+"[^>]*>([^<]+)<')


def shown(app):
    """Return the lines of the overview that a page shows: link, claim, verdict, number and figure as HTML."""
    (table,) = [one.proto.body for one in app.get("html") if 'class="claims"' in one.proto.body]
    lines = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td>(.*?)</tr>', table, re.DOTALL)
    cells = [re.findall(r'<td class="\w+">(.*?)</td>', told, re.DOTALL) for *_, told in lines]
    return [(link, claim, *three) for (link, claim, _), three in zip(lines, cells, strict=True)]


def linked(line):
    return parse_qs(urlparse(re.search('href="([^"]+)"', line[0])[1].replace("&amp;", "&")).query)


def test_all_claims_are_listed_and_nothing_is_told_before_it_is_asked(lecture_store, monkeypatch):
    app = open_page("lecture", lecture_store, monkeypatch)
    assert not app.exception
    found = shown(app)
    assert [line[1].replace("&#x27;", "'") for line in found] == [row.claim for _, row in sorted(ROWS.items())]
    assert [BADGE.findall(line[2]) for line in found] == [["?"]] * len(ROWS)
    assert {line[3:] for line in found} == {("", "")}
    assert [linked(line)["row"] for line in found] == [[str(number)] for number in sorted(ROWS)]
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))
    for row in ROWS.values():
        measured = row.measure()
        assert measured.text not in words(app)
        assert measured.number.meaning not in words(app)


def test_all_is_told_on_request_and_one_line_when_its_row_is_answered(lecture_store, monkeypatch):
    every = shown(open_page("lecture", lecture_store, monkeypatch, lecture_answers="true"))
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))
    for line, (_, row) in zip(every, sorted(ROWS.items()), strict=True):
        measured = row.measure()
        assert BADGE.findall(line[2]) == [measured.verdict]
        assert measured.number.value in line[3]
        assert 'src="data:image/svg+xml;base64,' in line[4]
    said = ROWS[12].prediction.options[0]
    one = shown(open_page("lecture", lecture_store, monkeypatch, lecture_guess_12=said))
    assert [line[3] != "" for line in one] == [number == 12 for number in sorted(ROWS)]
    assert one[11][1:] == every[11][1:]
    # What was answered stays in the links.
    assert {tuple(linked(line)["lecture_guess_12"]) for line in one} == {(said,)}


@pytest.mark.parametrize("said", few([HOSTILE, "no such answer", "", "NaN"], 2))
def test_what_is_no_answer_is_named_and_in_no_link(said, filled_store, monkeypatch):
    address = {"lecture_guess_4": said, "lecture_guess_99": said, "lecture_activation": said, said or "x": said}
    app = open_page("lecture", filled_store, monkeypatch, lecture_chapter="L4–L8 Initialization", **address)
    assert not app.exception
    assert ("L4: the address asks for" in words(app)) == bool(said)
    assert all(set(linked(line)) == {"row"} for line in shown(app))


def test_a_row_that_the_store_lacks_is_not_measured(filled_store, monkeypatch):
    found = shown(open_page("lecture", filled_store, monkeypatch, lecture_answers="true"))
    told = {number: BADGE.findall(line[2])[0] for number, line in zip(sorted(ROWS), found, strict=True)}
    assert {number for number, verdict in told.items() if verdict != overview.NOT_MEASURED} >= {4, 5, 7}
    assert told[14] == told[17] == overview.NOT_MEASURED
    assert set(told.values()) <= {*VERDICTS, overview.NOT_MEASURED}


@pytest.mark.parametrize("number", few(sorted(ROWS), 3))
def test_a_rows_link_opens_its_chapter(number, filled_store, monkeypatch):
    chapter = next(name for name, rows in CHAPTERS.items() if number in [row.number for row in rows])
    app = open_page("lecture", filled_store, monkeypatch, row=str(number))
    assert not app.exception
    (switch,) = [widget for widget in app.get("segmented_control") if widget.key == "lecture_chapter"]
    assert switch.value == chapter
    assert f"### L{number}. " in words(app)


def test_whoever_goes_on_to_another_chapter_leaves_the_row_behind(filled_store, monkeypatch):
    app = open_page("lecture", filled_store, monkeypatch, row="12")
    (switch,) = [widget for widget in app.get("segmented_control") if widget.key == "lecture_chapter"]
    switch.set_value("Initialization").run()
    assert "row" not in app.query_params
    assert "### L4. " in words(app)
    app.run()
    assert "### L4. " in words(app)


@pytest.mark.parametrize("asked", few(["0", "18", "-1", "1e999", "L12", "９", "1" * 5000], 3))
def test_a_row_that_there_is_not_is_named_and_ignored(asked, filled_store, monkeypatch):
    app = open_page("lecture", filled_store, monkeypatch, row=asked, present="1")
    assert not app.exception
    assert "not a whole number from 1 to 17" in words(app)


def test_texts_are_no_markup():
    found = Measured((Sentence([judge(HOSTILE, True)]),), Number(HOSTILE, HOSTILE))
    table = overview.table([overview.Line(1, HOSTILE, f"?row=1&x={HOSTILE}", ("", "", ""))])
    for made in (table, overview.decision(found), overview.badge(HOSTILE)):
        assert "<img" not in made


def drawn(svg):
    root = ElementTree.fromstring(svg)
    assert (root.get("width"), root.get("height")) == (str(WIDTH), str(HEIGHT))
    return list(root)


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_figure_has_a_thumbnail(number, lecture_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(lecture_store))
    assert drawn(thumbnail(ROWS[number].find().figure.chart))


def made(x, y, means):
    frame = pd.DataFrame(means, columns=["configuration", "x", "mean"]).assign(low=None, high=None, seeds=1, lost=0)
    colours = Axis("configuration", "Which", values=("a", "b"), colours=("#111111", "#222222"))
    return thumbnail(lines(frame, x, y, colours))


def test_a_thumbnail_has_a_line_of_its_own_colour_for_each_configuration_on_the_figures_axes():
    means = [("a", 1, 1.0), ("a", 10, 10.0), ("a", 100, 100.0), ("b", 1, 100.0), ("b", 100, 1.0)]
    straight, falling = drawn(made(Axis("x", "x", logarithmic=True), Axis("mean", "y", logarithmic=True), means))
    assert [straight.get("stroke"), falling.get("stroke")] == ["#111111", "#222222"]
    places = [tuple(map(float, point.split(","))) for point in straight.get("points").split()]
    assert places[1] == pytest.approx(((places[0][0] + places[2][0]) / 2, (places[0][1] + places[2][1]) / 2), abs=0.2)
    assert places[0][1] > places[2][1]
    bent, _ = drawn(made(Axis("x", "x"), Axis("mean", "y"), [*means[:2], ("a", 100, 20.0), *means[3:]]))
    places = [tuple(map(float, point.split(","))) for point in bent.get("points").split()]
    assert places[1][0] - places[0][0] < (places[2][0] - places[0][0]) / 5


def test_a_thumbnail_leaves_out_what_is_not_finite_and_dots_what_has_no_neighbour():
    marks = drawn(made(Axis("x", "x"), Axis("mean", "y"), [("a", 1, 1.0), ("a", 2, float("nan")), ("b", 1, 2.0)]))
    assert [mark.tag.rpartition("}")[2] for mark in marks] == ["circle", "circle"]
    assert drawn(made(Axis("x", "x"), Axis("mean", "y"), [("a", 1, float("nan"))])) == []


def test_a_picture_holds_itself():
    (source,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', overview._picture("<svg/>"))
    assert base64.b64decode(source) == b"<svg/>"
