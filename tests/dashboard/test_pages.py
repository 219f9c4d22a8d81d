"""Every page in its three states: no store, nothing selected, data; and with whatever the URL may hold."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "dashboard" / "app.py"
PAGES = {
    "views/activation_statistics.py": "Activation statistics",
    "views/convergence.py": "Convergence",
    "views/data_and_sql.py": "Data & SQL",
}
KEYS = (
    "init",
    "activation",
    "norm",
    "network",
    "tap",
    "train_init",
    "train_lr",
    "train_panels",
    "relation",
    "question",
)
HOSTILE = [
    "'; DROP TABLE cells; --",
    "<script>alert(1)</script>",
    "normal(std=0.01)' OR '1'='1",
    "../../../../etc/passwd",
    "`](javascript:alert(1))",
    "$x^2$ **bold** :red[x]",
    "nan",
    "0x7fffffffffffffff",
    "\u202e\u0000\n\r",
    "A" * 5000,
]


def open_page(page, store, monkeypatch, **query):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(store))
    app = AppTest.from_file(APP, default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page(page)
    return app.run()


def words(app):
    return " ".join(str(element.value) for kind in (app.markdown, app.info, app.warning, app.error) for element in kind)


def test_the_table_of_pages_is_the_folder_of_views():
    assert {f"views/{path.name}" for path in (ROOT / "dashboard" / "views").glob("*.py")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_with_data_a_page_is_drawn(page, filled_store, monkeypatch):
    app = open_page(page, filled_store, monkeypatch)
    assert not app.exception
    assert [title.value for title in app.title] == [PAGES[page]]
    assert not app.error
    assert len(app.dataframe) or app.get("vega_lite_chart")


@pytest.mark.parametrize("page", PAGES)
def test_without_a_store_a_page_says_which_command_makes_one(page, tmp_path, monkeypatch):
    app = open_page(page, tmp_path / "grid.duckdb", monkeypatch)
    assert not app.exception
    assert [title.value for title in app.title] == [PAGES[page]]
    assert "There is no store" in app.info[0].value
    assert "make grid" in [code.value for code in app.code]


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_is_no_store_is_named(page, tmp_path, monkeypatch):
    (tmp_path / "grid.duckdb").write_bytes(b"not a database at all" * 1000)
    app = open_page(page, tmp_path / "grid.duckdb", monkeypatch)
    assert not app.exception
    assert "grid.duckdb" in app.error[0].value


@pytest.mark.parametrize("page", list(PAGES)[:2])
def test_a_store_without_cells_of_the_study_says_what_to_run(page, tmp_path, monkeypatch):
    import engine

    other = "training" if "activation" in page else "propagation"
    common = 'init = "xavier"\nactivation = "relu"\ndepth = 2\nwidth = 8\nbatch_size = 8\n'
    more = 'dataset = "digits"\nlr = 0.1\nsteps = 2\n' if other == "training" else ""
    engine.run(engine.Grid.from_toml(f'[[study]]\nkind = "{other}"\n{common}{more}', "tiny"), tmp_path / "grid.duckdb")
    app = open_page(page, tmp_path / "grid.duckdb", monkeypatch)
    assert not app.exception
    assert "python -m engine run" in app.info[0].value


@pytest.mark.parametrize("page", list(PAGES)[:2])
def test_with_nothing_selected_a_page_says_what_to_choose(page, filled_store, monkeypatch):
    app = open_page(page, filled_store, monkeypatch)
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "Nothing is selected" in app.info[0].value


def test_an_empty_question_is_answered_with_a_hint(filled_store, monkeypatch):
    app = open_page("views/data_and_sql.py", filled_store, monkeypatch)
    app.text_area[0].set_value("  ").run()
    assert not app.exception
    assert "The box is empty" in app.info[0].value


@pytest.mark.parametrize("page", PAGES)
def test_every_choice_can_be_made(page, filled_store, monkeypatch):
    app = open_page(page, filled_store, monkeypatch)
    for number in range(len(app.selectbox)):
        for option in app.selectbox[number].options[:3]:
            app.selectbox[number].select(option).run()
            assert not app.exception, (app.selectbox[number].label, option)
        app = open_page(page, filled_store, monkeypatch)
    for number in range(len(app.multiselect)):
        app.multiselect[number].set_value(app.multiselect[number].options).run()
        assert not app.exception, app.multiselect[number].label


def test_each_tap_of_the_histograms_is_drawn(filled_store, monkeypatch):
    for tap in ("activations", "pre-activations", "gradients"):
        app = open_page("views/activation_statistics.py", filled_store, monkeypatch, tap=tap, init="kaiming_slip")
        assert not app.exception


def test_an_unknown_value_in_the_url_is_named_and_ignored(filled_store, monkeypatch):
    app = open_page("views/activation_statistics.py", filled_store, monkeypatch, init=["kaiming", "kaimign"])
    assert not app.exception
    assert "`kaimign`" in app.warning[0].value
    assert app.multiselect[0].value == ["kaiming"]


@pytest.mark.parametrize("page", PAGES)
def test_hostile_values_in_the_url_do_no_harm(page, filled_store, monkeypatch):
    before = filled_store.resolve().read_bytes()
    app = open_page(page, filled_store, monkeypatch, **dict.fromkeys(KEYS, HOSTILE))
    assert not app.exception
    assert not any("<script>" in element.value for element in app.markdown if element.allow_html)
    assert filled_store.resolve().read_bytes() == before


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_questions_in_the_url_do_no_harm(text, filled_store, monkeypatch):
    app = open_page("views/data_and_sql.py", filled_store, monkeypatch, sql=text)
    assert not app.exception


def test_a_newer_snapshot_is_shown(filled_store, tmp_path, monkeypatch):
    import engine

    own = tmp_path / "grid.duckdb"
    tiny = '[[study]]\nkind = "propagation"\ndepth = 3\nwidth = 8\nbatch_size = 8\nactivation = "tanh"\n'
    engine.run(engine.Grid.from_toml(tiny + 'init = "xavier"\n', "tiny"), own)
    app = open_page("views/activation_statistics.py", own, monkeypatch)
    assert app.multiselect[0].options == ["xavier"]
    engine.run(engine.Grid.from_toml(tiny + 'init = ["xavier", "kaiming"]\n', "tiny"), own)
    app.run()
    assert app.multiselect[0].options == ["kaiming", "xavier"]
