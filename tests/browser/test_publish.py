"""The static site: complete, true to the server's pages, and alone: opened from a disk it asks nobody for anything."""

import io
import json
import re
from html import unescape

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from goldilocks import store
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.publishing import __main__ as command
from goldilocks.dashboard.publishing import markup
from goldilocks.dashboard.publishing.pages import nodes, opened
from goldilocks.dashboard.publishing.site import DATABASE, PARQUET, ROWS
from tests.browser.accessibility import serious

ROWS_OF_THE_LECTURE = [row for rows in CHAPTERS.values() for row in rows]


@pytest.fixture(scope="module")
def published(filled_store, tmp_path_factory):
    """Folder of a site of the filled store."""
    folder = tmp_path_factory.mktemp("published") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOLDILOCKS_STORE", str(filled_store))
        said = CliRunner().invoke(command.app, [str(folder), "--store", str(filled_store)])
    assert said.exit_code == 0, said.output
    return folder


def specifications(text):
    return [json.loads(found) for found in re.findall(r'<script type="application/json">(.*?)</script>', text, re.S)]


def test_the_lecture_has_every_row_its_question_before_its_answer(published):
    text = (published / "index.html").read_text()
    for row in ROWS_OF_THE_LECTURE:
        (section,) = re.findall(rf'<section id="L{row.number}">(.*?)</section>', text, re.S)
        before = section.partition("<details>")[0]
        assert row.prediction.question in unescape(before)
        assert "Measured" not in before


def test_the_overview_has_every_claim_behind_a_question_and_a_link_to_its_row(published):
    text = (published / "index.html").read_text()
    (before, overview) = re.findall(r'(<summary>[^<]*</summary>)\s*<table class="claims">(.*?)</table>', text, re.S)[0]
    assert "claims" in before
    assert re.findall(r'href="#L(\d+)"', overview) == [str(row.number) for row in ROWS_OF_THE_LECTURE]
    assert "?row=" not in text


def test_every_link_leads_to_a_file_of_the_site(published):
    pages = sorted(published.glob("*.html"))
    assert len(pages) > 10
    for page in pages:
        for address in re.findall(r'(?:href|src)="([^"#]*)(?:#[^"]*)?"', page.read_text()):
            assert address.startswith("data:") or (published / address).exists(), (page.name, address)


def test_pictures_and_numbers_are_those_of_the_server(published, filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    tree = opened("trainability_map", {})
    theirs = [markup.specification(node.proto) for node in nodes(tree) if node.type == "vega_lite_chart"]
    assert specifications((published / "map.html").read_text()) == theirs
    (sql,) = [node.value for node in nodes(tree) if node.type == "code"]
    (file,) = (published / ROWS).glob("map-*.csv")
    with store.open(filled_store) as handle:
        rows = handle.query(sql).df()
    kept = pd.read_csv(io.StringIO(file.read_text()))
    assert list(kept.columns) == list(rows.columns)
    assert len(kept) == len(rows) > 0
    numbers = rows.select_dtypes("number").columns
    pd.testing.assert_frame_equal(kept[numbers], rows[numbers], check_dtype=False, rtol=1e-6)


def test_all_results_lie_beside_the_pages(published, filled_store):
    with duckdb.connect(published / DATABASE, read_only=True) as copy, store.open(filled_store) as original:
        count = "SELECT count(*) FROM "
        cells = copy.execute(f"{count} cells").fetchall()
        parts = str(published / PARQUET / "cells" / "*" / "*.parquet")
        assert copy.execute(f"{count} '{parts}'").fetchall() == cells
        assert original.query(f"{count} cells").df().iloc[0, 0] == cells[0][0] > 0


def test_from_a_disk_everything_is_drawn_and_nothing_is_fetched_from_elsewhere(published, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((published / "index.html").as_uri())
    opening = page.locator("#opening .chart svg")
    opening.first.wait_for()
    hidden = page.locator("section .chart").count()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.wait_for_function("[...document.querySelectorAll('.chart')].every(one => one.querySelector('svg'))")
    assert hidden > 0
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_a_link_to_a_row_opens_it(published, page):
    number = ROWS_OF_THE_LECTURE[-1].number
    page.goto(f"{(published / 'index.html').as_uri()}#L{number}")
    page.locator(f"#L{number} > details[open]").wait_for()


@pytest.mark.parametrize("name", ["index.html", "map.html", "stories.html"])
def test_everybody_can_read_it(published, page, name):
    page.goto((published / name).as_uri())
    page.wait_for_function("typeof vegaEmbed === 'function'")
    assert serious(page) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path, filled_store):
    (tmp_path / "thesis.txt").write_text("all of it")
    for options in ([], ["--overwrite"]):
        said = CliRunner().invoke(command.app, [str(tmp_path), "--store", str(filled_store), *options])
        assert said.exit_code == 2
        assert "is not empty: choose another one" in said.output
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_where_nothing_can_be_written_a_sentence_says_so(tmp_path, filled_store):
    file = tmp_path / "thesis.txt"
    file.write_text("all of it")
    for folder, code, said in ((file, 2, "is a file"), (file / "site", 1, "cannot be written")):
        done = CliRunner().invoke(command.app, [str(folder), "--store", str(filled_store)])
        assert (done.exit_code, type(done.exception)) == (code, SystemExit), done.output
        assert said in done.output
    assert file.read_text() == "all of it"


def test_without_a_store_nothing_is_written(tmp_path):
    said = CliRunner().invoke(command.app, [str(tmp_path / "site"), "--store", str(tmp_path / "none.duckdb")])
    assert said.exit_code == 2
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("![x](http://elsewhere.example/x.png)", "<img"),
        ("[x](javascript:alert)", "href"),
        ("<b onclick=f()>x</b>", "<b"),
    ],
)
def test_what_a_text_says_is_text(text, absent):
    assert absent not in markup.markdown(text)
    assert absent not in markup.table(pd.DataFrame({text: [text]}))


def test_what_streamlit_adds_to_markdown_is_understood():
    shown = markup.markdown(":green-badge[:material/check: just right] and :red[so]")
    assert '<span class="badge green">just right</span> and so' in shown
