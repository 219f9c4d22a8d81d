"""Every named query is documented and runs; what they answer is in test_query_oracles.py."""

from __future__ import annotations

import re
from itertools import product

import pytest

from goldilocks import store
from goldilocks.store import queries
from goldilocks.store.reading import fragments
from goldilocks.store.reading.fragments import with_fragments
from tests.store.builder import Batch, write


@pytest.mark.parametrize("query", queries.all().values(), ids=queries.all().keys())
def test_every_query_is_documented_and_runs(opened, query):
    assert query.title[0].isupper()
    for parameter in query.parameters:
        assert f"${parameter.name}" in query.sql
        assert len(parameter.meaning) > 10
    required = {one.name: None for one in query.parameters if one.default is queries.REQUIRED}
    assert opened.named(query.name, **required).columns
    assert query.name in dir(opened)
    assert query.title in getattr(opened, query.name).__doc__


def test_values_are_bound_and_never_formatted_in(opened):
    assert opened.std_by_layer(activation="tanh' OR '1'='1").fetchall() == []


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("std_by_leyer", {}, "did you mean 'std_by_layer'\\?"),
        ("std_by_layer", {"activtion": "tanh"}, "did you mean 'activation'\\?"),
        ("coverage", {"x": 1}, "Allowed: none"),
    ],
)
def test_wrong_names_are_refused_with_the_nearest(opened, name, values, message):
    with pytest.raises(store.StoreInvalid, match=message):
        opened.named(name, **values)


def test_the_documentation_is_the_first_comment():
    query = queries.parse(
        "q",
        "-- What is it.\n-- More.\n-- $a INTEGER: how many there are\n-- $b VARCHAR[] = ['x']: which ones\n"
        "-- $c DOUBLE = NULL: how much of it\n\nSELECT $a, $b, $c -- and\n",
    )
    assert (query.title, query.doc, query.sql) == ("What is it", "More.", "SELECT $a, $b, $c -- and")
    assert [(one.name, one.type, one.default) for one in query.parameters[1:]] == [
        ("b", "VARCHAR[]", ["x"]),
        ("c", "DOUBLE", None),
    ]
    assert query.parse({"a": "3", "c": "nan"}).keys() == {"a", "b", "c"}
    assert query.bind({"a": 1}) == {"a": 1, "b": ["x"], "c": None}
    with pytest.raises(store.StoreInvalid, match="needs a value for a"):
        query.bind({})
    with pytest.raises(store.StoreInvalid, match="a='three' is not of type INTEGER"):
        query.parse({"a": "three"})


@pytest.mark.parametrize("kind", ["INTEGER[]", "DOUBLE[]", "VARCHAR[]"])
@pytest.mark.parametrize("text", ["5", "{[]: 1}", "[[1]]", "(", "['a', 1]", "__import__('os')", "[" * 2000, "{}"])
def test_a_text_that_is_no_list_of_its_type_is_refused(kind, text):
    parameter = queries.Parameter("a", kind, None, "which ones")
    with pytest.raises(store.StoreInvalid, match="is not of type"):
        parameter.parse(text)


def test_a_text_that_is_a_list_of_its_type_is_read():
    values = {"INTEGER[]": ("[1, 2]", [1, 2]), "DOUBLE[]": ("[1, 0.5]", [1.0, 0.5]), "VARCHAR[]": ("['a']", ["a"])}
    for kind, (text, value) in values.items():
        assert queries.Parameter("a", kind, None, "which ones").parse(text) == value


@pytest.mark.parametrize("text", ["SELECT 1", "", "--\nSELECT 1", "-- Title\n-- $x: no type\nSELECT $x"])
def test_a_query_without_documentation_is_refused(text):
    with pytest.raises(store.StoreInvalid):
        queries.parse("q", text)


def test_fragments_are_plain_sql_in_the_end():
    for query in queries.all().values():
        assert not re.search(r"@\w|#\d", query.sql + query.doc), query.name
    found = with_fragments("-- Title.\n-- @chosen_configurations\nSELECT @over_seeds(std), @over_seeds(a + f(b), c)")
    assert "\n-- $step_counts INTEGER[] = NULL:" in found
    for column in ("min(std) FILTER (isfinite(std)) AS std_low", "avg(a + f(b)) FILTER (isfinite(a + f(b))) AS c,"):
        assert column in found
    with pytest.raises(
        store.StoreInvalid, match="@chosen_configuration, which does not exist; there are agreed_findings, axis"
    ):
        with_fragments("SELECT @chosen_configuration")


def test_a_comma_within_parentheses_belongs_to_what_a_fragment_is_given():
    assert with_fragments("@margin(a / nullif(b, 0))").count("nullif(b, 0)") == with_fragments("@margin(x)").count("x")
    assert "AS y," in with_fragments("@over_seeds(coalesce(x, 0), y)")


def test_every_fragment_is_used_more_than_once():
    # By queries and by other fragments.
    text = "\n".join(file.read_text() for folder in (queries.FOLDER, fragments.FOLDER) for file in folder.glob("*.sql"))
    for fragment in fragments.FOLDER.glob("*.sql"):
        assert len(re.findall(rf"@{fragment.stem}\b", text)) > 1, fragment.stem


@pytest.mark.parametrize("name", queries.SUPERSEDED)
def test_a_superseded_name_warns_and_answers_with_the_query_that_replaced_it(name, opened):
    better = queries.SUPERSEDED[name]
    assert name not in dir(opened)
    assert name not in queries.all()
    # As they were called: some with one activation, some with several.
    several = name in ("learning_curves", "training_outcomes", "distributions_of_layers")
    values = {"activations": ["relu"]} if several else {"activation": "relu"}
    with pytest.warns(FutureWarning, match=f"{name} was replaced by {better}") as warned:
        found = getattr(opened, name)(**values)
    assert len(warned) == 1
    truth = getattr(opened, better)(activations=["relu"])
    assert found.columns == truth.columns
    assert found.fetchall() == truth.fetchall()


def test_one_value_stands_for_a_list_of_it(opened):
    several = opened.outcomes_over_seeds(depths=[20], activations=["relu"]).fetchall()
    assert opened.outcomes_over_seeds(depth=20, activation="relu").fetchall() == several
    query = queries.get("outcomes_over_seeds")
    assert query.parse({"depth": "20"}) == query.bind({"depths": [20]}) == query.bind({"depth": 20})
    assert query.bind({"depth": None})["depths"] is None
    with pytest.raises(store.StoreInvalid, match="no parameter 'deep'"):
        query.bind({"deep": 20})
    with pytest.raises(store.StoreInvalid, match="not of type INTEGER"):
        query.parse({"depth": "many"})
    # A text is no list of letters, and what is no list has no such parameter.
    with pytest.raises(store.StoreInvalid, match="no parameter 'ove'"):
        queries.get("outcome_map").bind({"ove": "mean"})


def test_networks_on_which_most_can_be_compared_come_before_those_with_most_cells(tmp_path):
    """Of a sample each network has one depth, however many cells there are of it."""
    batch = Batch().run()
    for depth, norm, activation in ((2, "none", "relu"), (5, "batch", "tanh"), (9, "none", "gelu")):
        for init, lr, seed in product(("xavier", "kaiming", "zeros"), (0.01, 0.1, 1.0), range(3)):
            batch.training(0.5, width=32, depth=depth, norm=norm, activation=activation, init=init, lr=lr, seed=seed)
    for depth, init in product((2, 5), ("xavier", "kaiming")):
        batch.training(0.5, width=64, depth=depth, init=init)
    with store.open(write(tmp_path / "grid.duckdb", batch).path) as opened:
        rows = opened.training_networks().df()
    assert rows[["width", "comparable", "cells"]].to_numpy().tolist() == [[64, 4, 4], [32, 3, 81]]
