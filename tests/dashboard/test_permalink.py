"""The link to a view holds every choice: what later results change in the defaults changes nothing that it shows."""

from urllib.parse import parse_qs

import pytest

from goldilocks.dashboard import permalink, selectors
from tests.dashboard.opening import open_page, words

MADE_ON = "in another state when this link was made"


def link(app):
    """Return the parameters of the link that a page offers."""
    (code,) = [code.value for code in app.code if f"{permalink.SNAPSHOT}=" in code.value]
    return parse_qs(code.partition("?")[2], keep_blank_values=True)


def drawn(app):
    return [
        (chart.proto.spec, [data.data.data for data in chart.proto.datasets]) for chart in app.get("vega_lite_chart")
    ]


@pytest.mark.parametrize("page", ["convergence", "activation_statistics"])
def test_a_link_shows_the_same_whatever_the_defaults_have_become(page, filled_store, monkeypatch):
    first = open_page(page, filled_store, monkeypatch)
    parameters = link(first)
    # What is pinned has a name of its own, the same on all pages.
    assert {widget.key for widget in [*first.selectbox, *first.multiselect]} - {"train_pinned"} <= set(parameters)
    several, one = selectors.several, selectors.one

    def other_several(label, options, key, default, *given, **more):
        return several(label, options, key, options[-1:], *given, **more)

    def other_one(label, options, key, default=None, *given, **more):
        return one(label, options, key, options[-1], *given, **more)

    monkeypatch.setattr(selectors, "several", other_several)
    monkeypatch.setattr(selectors, "one", other_one)
    by_link = open_page(page, filled_store, monkeypatch, **parameters)
    without = open_page(page, filled_store, monkeypatch)
    assert not by_link.exception
    assert not by_link.warning
    assert drawn(by_link) == drawn(first)
    assert drawn(without) != drawn(first)
    assert MADE_ON not in words(by_link)


def test_a_link_from_another_state_of_the_store_says_so(filled_store, monkeypatch):
    assert MADE_ON in words(open_page("convergence", filled_store, monkeypatch, snapshot="000000"))
    assert MADE_ON not in words(open_page("convergence", filled_store, monkeypatch))


def test_an_empty_choice_is_in_the_link(filled_store, monkeypatch):
    app = open_page("convergence", filled_store, monkeypatch, train_norm=[""])
    assert link(app)["train_norm"] == [""]
