"""The SQL that a page shows runs as it stands, in the box of the page Data & SQL."""

import pytest

from tests.breadth import only
from tests.dashboard.opening import PAGES, open_page
from tests.dashboard.statements import answers
from tests.dashboard.test_figures import ASKED, TABLES_ONLY


@pytest.mark.essential("what a page copies has to run elsewhere")
@pytest.mark.parametrize("page", only([page for page in PAGES if page not in TABLES_ONLY], "batch_norm"))
def test_it_runs(page, store_of, monkeypatch):
    app = open_page(page, store_of(page), monkeypatch, **ASKED.get(page, {}))
    # A link to the page may have a statement in it.
    shown = sorted({code.value for code in app.code if "SELECT" in code.value and not code.value.startswith("?")})
    assert shown
    for sql, answer in zip(shown, answers(shown, store_of(page)), strict=True):
        assert not isinstance(answer, str), (sql, answer)
