"""What stands in the box for SQL at first is answered, by what comes along as by what is computed."""

import pytest

from tests.dashboard.opening import open_page
from tests.grids import imported

INITS = {"normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming"}


@pytest.mark.parametrize("kind", ["reference", "computed"])
def test_it_compares_what_the_lecture_compares(kind, filled_store, tmp_path_factory, monkeypatch):
    path = imported(tmp_path_factory) if kind == "reference" else filled_store
    app = open_page("data_and_sql", path, monkeypatch)
    (answer,) = [one.value for one in app.dataframe if list(one.value) == ["init", "layer", "std"]]
    assert set(answer["init"]) == INITS
    # Initializations have a colour each.
    assert app.selectbox(key="ask_colour").value == "init"
