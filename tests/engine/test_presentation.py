"""How people see the members: declared on each card, with rules for a card that says nothing; carried to the store."""

from collections import Counter

import pytest

from goldilocks.dashboard.theme import SLOTS
from goldilocks.engine import plugins
from goldilocks.engine.activations import activations
from goldilocks.engine.catalog import REGISTRIES, entries, parts, schemes_table
from goldilocks.engine.errors import RequestError
from goldilocks.engine.initializers import Fans, initializers
from goldilocks.engine.initializers.noise import weight_noise
from goldilocks.store import queries
from goldilocks.store.schema import migrate

# Data sets stand in the order of the alphabet: none is more than another.
RANKED = [kind for kind in REGISTRIES if kind != "datasets"]
PLUGIN = """
from goldilocks.engine.card import Card
from goldilocks.engine.initializers import Initializer, initializers
from goldilocks.engine.normalizations import Normalization, normalizations


@initializers.register
class Timid(Initializer):
    name = "timid"
    card = Card("Timid")

    def scale(self, fans, activation):
        return 0.5 * fans.fan_in**-0.5


@initializers.register
class Bold(Initializer):
    name = "bold"
    card = Card("Bold", rank=85, colour="rust", label="the bold one")

    def scale(self, fans, activation):
        return 2 * fans.fan_in**-0.5


@normalizations.register
class Unit(Normalization):
    name = "unit"
    card = Card("Unit")

    def forward(self, z, scale, running):
        return z, None

    def backward(self, dy, saved, scale):
        return dy, None

    def evaluate(self, z, scale, running):
        return z
"""


def cards():
    return [entry for kind in REGISTRIES for entry in entries(kind)] + list(parts())


@pytest.mark.parametrize("kind", RANKED)
def test_every_member_has_a_place_of_its_own(kind):
    ranks = [entry.card.rank for entry in entries(kind)]
    assert None not in ranks
    assert max(Counter(ranks).values()) == 1


def test_relatives_stand_side_by_side():
    names = [entry.name for entry in sorted(entries("initializers"), key=lambda entry: entry.card.rank)]
    for family in ("xavier", "kaiming"):
        places = [place for place, name in enumerate(names) if name.startswith(family)]
        assert places == list(range(places[0], places[0] + len(places)))


def test_every_colour_is_one_of_the_palette_and_no_two_of_a_family_share_one():
    assert {entry.card.colour for entry in cards()} - {None} <= SLOTS.keys()
    for kind in REGISTRIES:
        declared = [entry.card.colour for entry in entries(kind) if entry.card.colour]
        assert len(set(declared)) == len(declared)


def test_parts_of_one_name_are_one():
    assert max(Counter(entry.name for entry in parts()).values()) == 1


@pytest.mark.parametrize("member", list(initializers), ids=lambda member: member.name)
def test_whether_weights_are_alike_is_as_they_are_drawn(member):
    required = {name: 0.5 for name, field in member.model_fields.items() if field.is_required()}
    scale = member(**required).scale(Fans(6, 6), activations.parse("tanh"))
    weights = scale * weight_noise(0, 1, (6, 6), member.family)
    assert member.alike == bool((weights == weights[:, :1]).all())


@pytest.fixture
def with_plugin(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    plugins.load([file])
    yield
    plugins.unload(file)


def test_a_card_that_says_nothing_gets_what_its_family_says(with_plugin):
    rows = {(row["kind"], row["name"]): row for row in schemes_table().to_pylist()}
    timid, bold, unit = rows["initializer", "timid"], rows["initializer", "bold"], rows["normalization", "unit"]
    assert (timid["rank"], timid["colour"], timid["label"], timid["alike"]) == (None, None, "timid", False)
    assert (bold["rank"], bold["colour"], bold["label"]) == (85, "rust", "the bold one")
    assert (unit["rank"], unit["colour"], unit["label"], unit["alike"]) == (None, None, "unit norm", None)
    assert rows["normalization", "none"]["label"] == "no norm"


@pytest.mark.parametrize(
    ("given", "said"),
    [("rank='first'", "whole number"), ("rank=True", "whole number"), ("rank=1.5", "whole number"),
     ("rank=2**40", "whole number"), ("colour=3", "name of a colour"), ("label=None", "label of a card must be a text"),
    ],
)  # fmt: skip
def test_a_card_that_no_store_can_hold_is_refused(tmp_path, given, said):
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN.replace('Card("Timid")', f'Card("Timid", {given})'))
    with pytest.raises(RequestError, match=rf"mine\.py: line 10: .*{said}"):
        plugins.load([file])
    assert "timid" not in {entry.name for entry in entries("initializers")}


def test_cards_of_an_engine_that_did_not_say_it_are_seen_like_those_of_today():
    sql, rows = queries.get("presentation").sql, schemes_table()
    with migrate.empty() as connection:
        connection.register("rows", rows)
        connection.execute("INSERT INTO schemes BY NAME SELECT * FROM rows")
        today = connection.execute(sql).fetchall()
        connection.execute("UPDATE schemes SET rank = NULL, colour = NULL, label = NULL, alike = NULL")
        connection.execute("DELETE FROM schemes WHERE kind = 'part'")
        assert connection.execute(sql).fetchall() == today
