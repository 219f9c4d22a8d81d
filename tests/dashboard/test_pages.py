"""Every page in its three states: no store, nothing selected, data; every widget; and whatever the URL may hold."""

import re
from dataclasses import replace
from itertools import product

import duckdb
import pyarrow as pa
import pytest

from goldilocks import store
from goldilocks.dashboard import commands, data, engine_process
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from tests.breadth import each_member, few
from tests.dashboard.opening import PAGES, ROOT, open_page, words
from tests.dashboard.pretrained import FACTORY, TARGETS, pretrained
from tests.store.builder import Batch, believable, write

HOSTILE = [
    "'; DROP TABLE cells; --",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "normal(std=0.01)' OR '1'='1",
    "../../../../etc/passwd",
    "`](javascript:alert(1))",
    "$x^2$ **bold** :red[x]",
    "nan",
    "-1",
    "1e999",
    "0x7fffffffffffffff",
    "\u202e\u0000\n\r",
    "A" * 5000,
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "%00%0a",
    "true",
    "[]",
    "None",
    "🥣" * 50,
]
# What the tests' small store has no cells of: these pages say which command computes them.
EMPTY = ("preprocessing", "transfer", "edge_of_chaos", "every_study", "batch_norm", "my_network")
COMMANDS = re.compile("goldilocks (run|diagnose)|make grid")
ROWS = {row.number: (chapter, row) for chapter, rows in CHAPTERS.items() for row in rows}
CHOOSING = ("activation_statistics", "convergence", "trainability_map", "what_should_i_use")


def test_the_table_of_pages_is_the_folder_of_views():
    assert {path.stem for path in (ROOT / "dashboard" / "views").glob("*.py")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_with_data_a_page_is_drawn(page, filled_store, monkeypatch):
    app = open_page(page, filled_store, monkeypatch)
    assert not app.exception
    assert [title.value for title in app.title] == [PAGES[page]]
    assert not app.error
    if page in EMPTY:
        assert COMMANDS.search(words(app) + " ".join(code.value for code in app.code))
    else:
        # One component is on every page.
        assert len(app.dataframe) or app.get("vega_lite_chart") or len(app.get("bidi_component")) > 1


def test_pretrained_weights_are_shown_without_a_source_of_our_own(tmp_path, monkeypatch):
    app = open_page("transfer", write(tmp_path / "grid.duckdb", pretrained(0.9)).path, monkeypatch)
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    said = words(app)
    assert f"weights are those of {FACTORY.partition(':')[2]}." in said.replace("\\", "")
    assert "*last_layer* 400" in said.replace("\\", "")
    for target in TARGETS:
        assert f"on {target} (stated before" in said


@pytest.mark.parametrize("page", PAGES)
def test_without_a_store_a_page_says_which_command_makes_one(page, tmp_path, monkeypatch):
    app = open_page(page, tmp_path / "grid.duckdb", monkeypatch)
    assert not app.exception
    assert len(app.title) == 1
    assert "make grid" in words(app) + " ".join(code.value for code in app.code)


WAITING = ["lecture", *(page for page in EMPTY if page != "every_study")]


@pytest.mark.parametrize(("page", "published"), each_member(product(WAITING, (True, False))))
def test_while_a_run_is_in_progress_nobody_is_told_to_start_one(page, published, tmp_path, monkeypatch):
    path = tmp_path / "grid.duckdb"
    if published:
        write(path, believable(1, 1))
    # A row of the lecture says nothing of results, nor of their lack, before it is asked.
    asked = {"lecture_answers": "true"} if page == "lecture" else {}
    with store.WriterLock(store.Layout.at(path)):
        app = open_page(page, path, monkeypatch, **asked)
    assert not app.exception
    assert commands.COMING in words(app)
    assert not COMMANDS.search(words(app) + " ".join(code.value for code in app.code))


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_is_no_store_is_named(page, tmp_path, monkeypatch):
    (tmp_path / "grid.duckdb").write_bytes(b"not a database at all" * 1000)
    app = open_page(page, tmp_path / "grid.duckdb", monkeypatch)
    assert not app.exception
    assert "grid.duckdb" in app.error[0].value


def test_a_file_that_another_program_has_locked_is_named(tmp_path, monkeypatch):
    import subprocess
    import sys

    path = tmp_path / "grid.duckdb"
    code = f"import duckdb; c = duckdb.connect({str(path)!r}); print('locked', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        app = open_page("convergence", path, monkeypatch)
        other.communicate(b"\n")
    assert not app.exception
    assert f"is open for writing in process {other.pid}" in app.error[0].value
    assert "--repair" not in app.error[0].value


@pytest.fixture(scope="module")
def older_store(filled_store, tmp_path_factory):
    """Path of a store without the tables and views of today's schema."""
    path = tmp_path_factory.mktemp("older") / "grid.duckdb"
    path.write_bytes(filled_store.resolve().read_bytes())
    with duckdb.connect(str(path)) as connection:
        for (view,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
            connection.execute(f'DROP VIEW "{view}"')
        for table in ("measurements", "metrics", "schemes", "thresholds", "layers", "curves", "cells", "runs"):
            connection.execute(f"DROP TABLE {table}")
    return path


@pytest.mark.parametrize("page", PAGES)
def test_an_older_store_is_brought_up_to_date_by_a_command(page, older_store, monkeypatch):
    app = open_page(page, older_store, monkeypatch)
    assert not app.exception
    if page != "data_and_sql":
        assert "goldilocks store publish" in [code.value for code in app.code]


@pytest.mark.parametrize("page", CHOOSING)
def test_a_store_without_cells_of_the_study_says_what_to_run(page, tmp_path, monkeypatch):
    others = believable(0, 1) if "activation" in page else believable(1, 0)
    app = open_page(page, write(tmp_path / "grid.duckdb", others).path, monkeypatch)
    assert not app.exception
    assert "goldilocks run" in app.info[0].value


@pytest.mark.parametrize("page", CHOOSING)
def test_with_nothing_selected_a_page_says_what_to_choose(page, filled_store, monkeypatch):
    app = open_page(page, filled_store, monkeypatch)
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "Nothing is selected" in app.info[0].value


def test_an_empty_question_is_answered_with_a_hint(filled_store, monkeypatch):
    app = open_page("data_and_sql", filled_store, monkeypatch)
    app.text_area[0].set_value("  ").run()
    assert not app.exception
    assert "The box is empty" in words(app)


def test_each_tap_of_the_histograms_and_each_layer_is_drawn(filled_store, monkeypatch):
    for tap, layer in (("activations", "1"), ("pre-activations", "7"), ("gradients", "12")):
        query = {"tap": tap, "init": "kaiming_slip", "layer_of_12": layer, "baseline": "kaiming_slip"}
        app = open_page("activation_statistics", filled_store, monkeypatch, **query)
        assert not app.exception
        assert app.slider[0].value == int(layer)
        assert f"layer {layer}: std" in words(app)


def test_an_unknown_value_in_the_url_is_named_and_ignored(filled_store, monkeypatch):
    app = open_page("activation_statistics", filled_store, monkeypatch, init=["kaiming", "kaimign"])
    assert not app.exception
    assert "`kaimign`" in app.warning[0].value
    assert app.multiselect[0].value == ["kaiming"]


def keys(app):
    kinds = ("selectbox", "multiselect", "segmented_control", "pills", "slider", "number_input", "toggle", "text_area")
    return [widget.key for kind in kinds for widget in app.get(kind) if widget.key]


# Where a key takes one value, it is the first: each page has two in turn.
FIRST = [(page, HOSTILE[(5 * place + turn) % len(HOSTILE)]) for place, page in enumerate(PAGES) for turn in (0, 2)]


@pytest.mark.parametrize(("page", "text"), few(FIRST, len(PAGES)), ids=range(len(FIRST)))
def test_hostile_values_in_the_url_do_no_harm(page, text, filled_store, monkeypatch):
    """All values at every key of a page, and one of them first: with the browser's, more than forty URLs."""
    before = filled_store.resolve().read_bytes()
    wanted = keys(open_page(page, filled_store, monkeypatch))
    app = open_page(page, filled_store, monkeypatch, **{key: [text, *HOSTILE] for key in [*wanted, "map_tile"]})
    assert not app.exception
    assert not any("<script>" in element.value for element in app.markdown if element.allow_html)
    assert filled_store.resolve().read_bytes() == before


@pytest.mark.parametrize("text", few(HOSTILE, 7), ids=range(len(HOSTILE)))
def test_hostile_questions_in_the_url_do_no_harm(text, filled_store, monkeypatch):
    app = open_page("data_and_sql", filled_store, monkeypatch, sql=text)
    assert not app.exception


def test_a_newer_snapshot_is_shown(filled_store, tmp_path, monkeypatch):
    from goldilocks import engine

    own = tmp_path / "grid.duckdb"
    tiny = '[[study]]\nkind = "propagation"\ndepth = 3\nwidth = 8\nbatch_size = 8\nactivation = "tanh"\n'
    engine.run(engine.Grid.from_toml(tiny + 'init = "xavier"\n', "tiny"), own)
    app = open_page("activation_statistics", own, monkeypatch)
    assert app.multiselect[0].options == ["xavier"]
    engine.run(engine.Grid.from_toml(tiny + 'init = ["xavier", "kaiming"]\n', "tiny"), own)
    app.run()
    assert app.multiselect[0].options == ["xavier", "kaiming"]


def test_a_tile_named_by_the_address_opens_its_cell(filled_store, monkeypatch):
    app = open_page("trainability_map", filled_store, monkeypatch, map_tile=["6", "xavier"], map_norm="batch")
    assert not app.exception
    assert "how did it train?" in words(app)
    assert len(app.get("vega_lite_chart")) == 3
    assert _framed(app) == [{"x": "6", "y": "xavier"}]
    closed = open_page("trainability_map", filled_store, monkeypatch, map_tile=["6", "no such row"])
    assert "Click a tile" in words(closed)
    assert _framed(closed) == []


def _framed(app):
    """Return the tiles that have a frame on the map."""
    (frames,) = [one.data.data for one in app.get("vega_lite_chart")[0].proto.datasets if one.name == "marked"]
    return pa.ipc.open_stream(frames).read_all().to_pylist()


def test_a_prediction_hides_the_data_until_it_is_made(filled_store, monkeypatch):
    chapter = {"lecture_chapter": "L4–L8 Initialization"}
    asked = open_page("lecture", filled_store, monkeypatch, **chapter)
    shown = open_page("lecture", filled_store, monkeypatch, **chapter, lecture_guess_4="it grows")
    assert len(shown.get("vega_lite_chart")) == len(asked.get("vega_lite_chart")) + 1
    assert "You said *it grows*; the data say *it shrinks*" in words(shown)
    every = open_page("lecture", filled_store, monkeypatch, **chapter, lecture_answers="true")
    assert len(every.get("vega_lite_chart")) > len(shown.get("vega_lite_chart"))


def test_a_prediction_on_which_the_store_is_silent_is_not_judged(filled_store, monkeypatch):
    chapter, row = ROWS[4]
    silent = replace(row, measure=lambda: replace(row.measure(), answer=""))
    monkeypatch.setitem(CHAPTERS, chapter, [silent if one is row else one for one in CHAPTERS[chapter]])
    data._made.clear()
    address = {"lecture_chapter": "L4–L8 Initialization", "lecture_guess_4": "it grows"}
    shown = open_page("lecture", filled_store, monkeypatch, **address)
    data._made.clear()
    assert not shown.exception
    assert "*Measured:*" in words(shown)
    assert "You said" not in words(shown)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_row_asks_before_it_shows(chapter, filled_store, monkeypatch):
    app = open_page("lecture", filled_store, monkeypatch)
    (switch,) = [widget for widget in app.get("segmented_control") if widget.key == "lecture_chapter"]
    switch.set_value(chapter).run()
    waiting = {row.number: row for row in CHAPTERS[chapter]}
    for number, row in tuple(waiting.items()):
        _assert_asked(app, waiting)
        pills = _pills(app, number)
        assert pills.label == row.prediction.question
        pills.set_value(row.prediction.options[0]).run()
        del waiting[number]
        assert row.notice in words(app)
    for row in CHAPTERS[chapter]:
        _pills(app, row.number).set_value(None)
    app.run()
    _assert_asked(app, {row.number: row for row in CHAPTERS[chapter]})
    (every,) = [widget for widget in app.toggle if widget.key == "lecture_answers"]
    every.set_value(True).run()
    assert all(row.notice in words(app) for row in CHAPTERS[chapter])


def _pills(app, number):
    (pills,) = [widget for widget in app.get("pills") if widget.key == f"lecture_guess_{number}"]
    return pills


def _assert_asked(app, rows):
    """Rows that nobody has answered are told by their claims alone."""
    said = words(app)
    assert said.count("Choose an answer to see the data.") == len(rows)
    for number, row in rows.items():
        assert f"### L{number}. {row.title}" in said
        assert row.claim in said
        assert row.notice not in said


@pytest.mark.parametrize(
    ("address", "offered"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("", False), (None, False)],
)
def test_refresh_is_offered_on_loopback_only(address, offered):
    assert engine_process.local(address) is offered


def test_the_nodes_of_a_cluster_are_shown_where_there_was_one(filled_store, tmp_path, monkeypatch):
    heading = "Workers, node by node"
    assert heading not in words(open_page("runs", filled_store, monkeypatch))
    batch = Batch().run().worker("1")
    batch.training(worker="1", batch=1, batch_place=0, batch_cells=1)
    app = open_page("runs", write(tmp_path / "grid.duckdb", batch).path, monkeypatch)
    assert not app.exception
    assert heading in words(app)


def test_a_server_for_everybody_hides_refresh(filled_store, monkeypatch):
    app = open_page("runs", filled_store, monkeypatch)
    assert not app.button
    assert "only when the dashboard is served on loopback" in words(app)


@pytest.mark.parametrize(("learns", "told"), [(0.95, "Seeds that train"), (0.5, "Seeds that diverged")])
def test_where_nothing_trains_the_share_that_does_is_not_told(learns, told, tmp_path, monkeypatch):
    batch = Batch().run()
    for seed in range(2):
        batch.training(learns, seed=seed)
    app = open_page("what_should_i_use", write(tmp_path / "grid.duckdb", batch).path, monkeypatch)
    assert not app.exception
    assert told in [metric.label for metric in app.metric]


@pytest.mark.parametrize("most", [0, 10**12])
def test_the_page_never_says_where_the_store_lies(most, filled_store, monkeypatch):
    monkeypatch.setattr(data, "MOST_FILE_BYTES", most)
    app = open_page("data_and_sql", filled_store, monkeypatch)
    said = words(app) + " ".join(block.value for block in app.code)
    assert ("too large for a download" in said) == (most == 0)
    assert str(filled_store.parent) not in said


def test_a_map_of_untrained_networks_says_that_a_tile_is_a_mean(filled_store, monkeypatch):
    """Each tile stands for several configurations: those of both normalizations."""
    app = open_page("trainability_map", filled_store, monkeypatch)
    app.selectbox(key="map_metric").set_value("forward_rate").run()
    app.multiselect(key="map_untrained_norm").set_value(["none", "batch"]).run()
    assert not app.exception
    assert "configurations on a tile, of which the mean is shown" in words(app)
    assert not [box for box in app.selectbox if box.key == "map_over"]
