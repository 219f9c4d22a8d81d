"""Every word that pages use for a member or a metric has a meaning, and names of everyday language are left alone."""

import pytest

from goldilocks import store
from goldilocks.dashboard.glossary.cards import UNSPOKEN, cards, explain, listed


@pytest.fixture
def known(filled_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(filled_store))
    return cards()


def asked(filled_store, sql):
    with store.open(filled_store) as handle:
        return handle.query(sql).fetchall()


def test_every_member_and_metric_is_explained_by_its_names(known, filled_store):
    alone = {word: card for card in known for word in card.alone}
    members = asked(filled_store, "SELECT kind, name, title, label, formula, reference FROM schemes")
    for kind, name, title, label, _, _ in members:
        if kind not in UNSPOKEN:
            assert {name, title, label or name} <= set(alone), name
    for name, label in asked(filled_store, "SELECT name, label FROM metrics"):
        assert label in alone, name
    formula, reference = next((row[4], row[5]) for row in members if row[:2] == ("initializer", "xavier"))
    assert (alone["xavier"].formula, alone["xavier"].reference) == (formula, reference)


def test_a_card_is_one_sentence_with_a_title_and_something_to_say(known):
    for card in known:
        assert card.title
        assert card.alone or card.inside
        assert card.meaning or card.formula or card.reference or card.title.partition(" (")[2], card.title
        assert card.meaning == "" or card.meaning.endswith(".")


@pytest.mark.parametrize(
    "word", ["layer", "normal", "none", "constant", "linear", "Training", "group", "theory", "raw"]
)
def test_a_name_that_is_an_everyday_word_is_not_looked_for_in_sentences(known, word):
    assert word in {name for card in known for name in card.alone}
    assert word not in {name for card in known for name in card.inside}


@pytest.mark.parametrize(
    "word", ["kaiming_slip", "tanh", "ReLU", "batch norm", "gradient rms", "σw", "fan-in", "too big"]
)
def test_names_symbols_and_metrics_are_looked_for_in_sentences(known, word):
    assert word in {name for card in known for name in card.inside}


def test_the_title_holds_the_name_that_pages_write(known):
    titles = {word: card.title for card in known for word in card.alone}
    assert "(normal)" in titles["normal"]
    assert "last_layer" in titles["last_layer"]
    assert "no norm" in titles["none"]


def test_a_column_is_explained_in_a_sentence_and_a_browser_gets_plain_values(known):
    assert explain("grad_rms").startswith("Root mean square")
    assert explain("no such column") is None
    assert all(isinstance(value, str | tuple) and value for card in listed() for value in card.values())
