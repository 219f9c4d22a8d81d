"""What was asked in the box before comes back at a click."""

from tests.dashboard.opening import open_page

FIRST, SECOND = "SELECT 1 AS one", "SELECT 2 AS two"


def asked_before(app):
    return {button.label: button for button in app.button if button.key.startswith("asked-")}


def test_a_statement_comes_back_and_stays(filled_store, monkeypatch):
    app = open_page("data_and_sql", filled_store, monkeypatch, sql=FIRST)
    assert not asked_before(app)
    app.text_area(key="sql").set_value(SECOND).run()
    assert list(asked_before(app)) == [FIRST]
    asked_before(app)[FIRST].click().run()
    assert not app.exception
    assert app.text_area(key="sql").value == FIRST
    assert list(asked_before(app)) == [SECOND]
    # It stays there as what was typed does.
    assert app.run().text_area(key="sql").value == FIRST
