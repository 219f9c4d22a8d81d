"""Every named query equals its oracle in plain pandas, whatever its parameters, on rows in which everything occurs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from goldilocks import store
from goldilocks.store import queries
from goldilocks.store.reading.inline_sql import inlined
from tests import breadth
from tests.oracles.queries import ORACLES, Tables
from tests.oracles.queries.lecture_training import gain
from tests.oracles.queries.tables import TRAINING_AXES
from tests.store.builder import write
from tests.store.questions import OTHERS, all_cases, covering, usual
from tests.store.varied import Varied

COVERING = covering()


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    handle = store.open(write(tmp_path_factory.mktemp("varied") / "grid.duckdb", Varied().all()))
    yield handle
    handle.close()


class Answers:
    """What queries and their oracles answer, each asked once: several tests compare with the same rows."""

    def __init__(self, opened: store.Store) -> None:
        self.opened, self._tables, self._kept = opened, Tables(opened), {}

    def query(self, query: queries.Query, values: dict[str, Any]) -> list[dict]:
        """Returns the rows of a query with its values bound."""
        return self._once((query.sql, repr(values)), lambda: self._asked(query, values))

    def oracle(self, name: str, values: dict[str, Any]) -> list[dict]:
        """Returns the rows of an oracle."""
        return self._once((name, repr(values)), lambda: list(ORACLES[name].rows(self._tables, **values)))

    def _asked(self, query: queries.Query, values: dict[str, Any]) -> list[dict]:
        return self.opened.query(query.sql, **query.bind(values)).arrow().to_pylist()

    def _once(self, key: tuple, compute: Callable[[], list[dict]]) -> list[dict]:
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]


@pytest.fixture(scope="module")
def answers(opened):
    return Answers(opened)


# Columns that tell the rows of one answer apart.
KEYS = {
    *("word", "relation"),
    *TRAINING_AXES, *("study", "status", "seed", "layer", "step", "part", "position", "quantity", "scale", "units"),
    *("source", "source_steps", "source_lr", "per_class", "scheme", "images", "lr_per_example", "epochs"),
    *("weight_variance", "bias_variance", "kind", "name", "node", "evidence", "number", "grid", "grid_text"),
    *("run_id", "place", "metric", "study_axes", "rule", "label", "nearest"),
}  # fmt: skip


def hashable(row: dict) -> dict:
    """Returns a row with the axes of its study as the oracles have them."""
    return row | {"study_axes": tuple(row["study_axes"])} if "study_axes" in row else row


def by_key(rows: list[dict]) -> list[dict]:
    names = ("x", "y") if rows and "x" in rows[0] else sorted(KEYS & set().union(*rows))
    return sorted(rows, key=lambda row: [str(row[name]) for name in names])


def in_order(rows: list[dict], order: tuple[str, ...]) -> bool:
    """Tells whether rows are sorted, NULL last and NaN before it."""
    keys = [[_sortable(row[name.lstrip("-")], name[0] == "-") for name in order] for row in rows]
    return keys == sorted(keys)


def _sortable(value: Any, down: bool) -> tuple:
    if isinstance(value, tuple):
        # The axes of a study: numbers by size, before texts by the alphabet.
        return (0, [(float(text), "") if text.isdecimal() else (math.inf, text) for _, text in value])
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (2 if value is None else 1 - 2 * down, 0)
    if down:
        value = Descending(value)
    return (0, value)


class Descending:
    """A value that sorts the other way round."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: Descending) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and other.value == self.value


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(found, float) and expected is not None:
        return math.isclose(found, expected, rel_tol=2e-5, abs_tol=1e-9) or (math.isnan(found) and math.isnan(expected))
    return found == expected and (found is None) == (expected is None)


def test_every_query_has_an_oracle_and_every_oracle_a_query():
    assert set(ORACLES) == set(queries.all())


def compare(answers: Answers, query: queries.Query, cases: Iterable[dict[str, Any]]) -> list[int]:
    """Asserts that a query equals its oracle in every case, and returns how many rows it had in each."""
    counts = []
    for values in cases:
        found = [hashable(row) for row in answers.query(query, values)]
        expected = answers.oracle(query.name, values)
        assert in_order(found, ORACLES[query.name].order), values
        assert len(found) == len(expected), values
        for row, other in zip(by_key(found), by_key(expected), strict=True):
            assert row.keys() == other.keys(), values
            different = {name: (row[name], other[name]) for name in row if not same(row[name], other[name])}
            assert not different, (values, row)
        counts.append(len(found))
    return counts


def assert_pasted(answers: Answers, query: queries.Query, values: dict[str, Any]) -> None:
    """Asserts that a query gives the same with its values written in it."""
    pasted = by_key(answers.opened.query(inlined(query, values)).arrow().to_pylist())
    for row, other in zip(pasted, by_key(answers.query(query, values)), strict=True):
        assert row.keys() == other.keys()
        assert all(same(row[name], other[name]) for name in row), values


def test_with_its_values_written_in_it_a_query_gives_the_same(answers):
    for query in queries.all().values():
        assert_pasted(answers, query, usual(query))


@pytest.mark.thorough("how a value is written depends on its type, and usual values are of every type")
@pytest.mark.parametrize("query", queries.all().values(), ids=queries.all().keys())
def test_with_other_values_too(answers, query):
    for values in all_cases(query):
        assert_pasted(answers, query, values)


def test_written_values_stay_values():
    """A text that looks like SQL is a text, and an open condition is gone."""
    query = queries.get("curves_over_seeds")
    sql = inlined(query, {"inits": ["it's', 1) OR true --"], "lrs": [0.1], "depths": []})
    assert "init IN ('it''s'', 1) OR true --')" in sql
    assert "lr IN (0.1)" in sql
    assert "AND false" in sql
    assert "$" not in sql
    assert "network IN" not in sql


@pytest.mark.parametrize("name", ["$strangers$", "$metrics", "($lr IS NULL OR lr = $lr)", "$1", "\\g<plain>"])
def test_a_value_that_reads_like_a_parameter_stays_a_value(name):
    sql = inlined(queries.get("curves_over_seeds"), {"metrics": [name], "inits": [name]})
    assert f"init IN ('{name}')" in sql
    assert f"['{name}']" in sql


@pytest.mark.essential("each named query has this oracle alone")
@pytest.mark.parametrize("query", queries.all().values(), ids=queries.all().keys())
def test_it_equals_plain_pandas(answers, query):
    assert compare(answers, query, COVERING[query.name])[0] > 0, "what is usually asked has no answer"


@pytest.mark.thorough("every value of every parameter of every query; each value of some query is asked every time")
@pytest.mark.parametrize("query", queries.all().values(), ids=queries.all().keys())
def test_it_equals_plain_pandas_whatever_is_asked(answers, query):
    compare(answers, query, all_cases(query))


def test_every_value_is_asked_every_time():
    asked = {(name, repr(value)) for cases in COVERING.values() for case in cases for name, value in case.items()}
    assert {(name, repr(value)) for name, values in OTHERS.items() for value in values} - asked == set()


@pytest.mark.parametrize("name", ["curves_over_seeds", "outcomes_over_seeds"])
def test_pinned_configurations_are_there_whatever_else_is_chosen(answers, name):
    query, chosen = queries.get(name), {"inits": ["kaiming"]}
    rows = answers.query(query, usual(query))
    others = ["|".join(str(row[axis]) for axis in TRAINING_AXES) for row in rows if row["init"] != "kaiming"]
    pinned = [others[0], others[-1], "nobody|at|all"]
    most = {"most": 1} if "most" in usual(query) else {}
    cases = [usual(query) | chosen | more for more in ({}, {"pinned": pinned}, {"pinned": pinned} | most)]
    none, some, fewest = compare(answers, query, cases)
    assert none < some
    assert fewest < some or not most
    assert_pasted(answers, query, cases[1])


MISTAKES = (
    ("curves_over_seeds", "<= $most OR ", "<= $most AND "),
    ("measured_in_plane", "sqrt(first - weight)", "sqrt(first)"),
    ("measured_in_plane", "list(alike ORDER BY layer)", "list(unlike ORDER BY layer)"),
    ("mean_field_layers", "1 FOLLOWING", "CURRENT ROW"),
    ("mean_field_layers", "$sigma_w ** 2 * spread", "$sigma_w ** 2 * spread + $sigma_b ** 2"),
    ("signal_by_layer", "isfinite(grad_rms)", "true"),
    ("learning_rate_sweep", "arg_max(lr, (mean", "arg_min(lr, (mean"),
    ("lecture_12_learning_rates", "$fast::FLOAT", "$fast"),
    ("lecture_14_regularization", "[12.706, ", "["),
    ("lecture_17_claims", "difference > threshold", "difference > 0"),
    ("lecture_17_pretrained", "avg(value) FILTER", "max(value) FILTER"),
    ("lecture_12_by_rate", "normed.accuracy - plain.accuracy", "plain.accuracy - normed.accuracy"),
    ("lecture_01_centring", "factor) FILTER (preprocessing = $centred)", "factor) FILTER (preprocessing = $scaled)"),
    ("lecture_11_gradient_flow", "max(abs(decades))", "max(decades)"),
    ("lecture_14_regularization", "train_with - train_without", "train_without - train_with"),
    ("lecture_16_train_and_test", "right_mode - sorted", "wrong_mode - sorted"),
    ("nearest_trained", "/ 2 AS distance", "AS distance"),
    ("what_trains", ">= 0.5", "> 0.5"),
    ("what_trains", "depth >= greatest", "depth > greatest"),
    ("signal_ratios", "exp(avg(ln(std)))", "avg(std)"),
    ("outlook_at_depth", "least($depth, depth)", "depth"),
    ("outlook_at_depth", "2 * sqrt(strayed)", "sqrt(strayed)"),
    ("outlook_at_depth", "FILTER (layer = 1), 2) * width", "FILTER (layer = depth), 2) * width"),
    ("outlook_at_depth", "dataset = 'gaussian' DESC", "dataset = 'gaussian'"),
    ("outlook_at_depth", "depth // 2 - 1", "depth // 2"),
    ("nearest_trained", "ln(combinations)", "ln(cells)"),
    ("outcome_map", "final_test_accuracy DESC", "final_test_accuracy ASC"),
    ("outcome_map", "ORDER BY share_diverged, ", "ORDER BY "),
    ("learning_rate_sweep", "FILTER (diverged = 0 AND mean IS NOT NULL)", "FILTER (mean IS NOT NULL)"),
    ("lecture_12_learning_rates", "HAVING count(accuracy) = count(*)", ""),
    ("lecture_13_weight_scale", "bool_and(trains)", "bool_or(trains)"),
    ("lecture_10_depth_with_batch_norm", "HAVING count(accuracy) = count(*)", ""),
    ("lecture_10_depth_with_batch_norm", "plain.high - plain.share", "plain.share - plain.low"),
    ("recommendation", "ELSE chance END", "ELSE 0 END"),
    ("recommendation", "better.seed = worse.seed AND ", ""),
    ("recommendation", "$level / (count(*) * (count(*) - 1))", "$level / (count(*) - 1)"),
    ("recommendation", "/ place AS freedom", "AS freedom"),
    ("runs", "LEFT JOIN", "JOIN"),
    ("layer_distributions", "AND status <> 'failed'", ""),
    ("signal_verdicts", "verdict ORDER BY verdict", "verdict ORDER BY verdict DESC"),
    ("coverage", "ORDER BY ALL", "ORDER BY ALL DESC"),
    ("curves_over_seeds", "number <= $most", "number < $most"),
    ("curves_over_seeds", "AND status <> 'failed'", ""),
    ("curves_over_seeds", "SELECT DISTINCT unnest", "SELECT unnest"),
    ("quantity_over_seeds", "try_cast(value AS DOUBLE)", "value"),
    ("quantity_over_seeds", "AND NOT list_contains($study_values", "AND list_contains($study_values"),
    ("signal_map", "count(DISTINCT configuration)", "count(*)"),
    ("signal_map", "('propagation', 'diagnosis')", "('propagation')"),
    ("propagation_networks", "('propagation', 'diagnosis')", "('propagation')"),
    ("findings_over_seeds", "agreeing_here >= $agreement", "agreeing_here > $agreement"),
    ("findings_over_seeds", "median(measured)", "avg(measured)"),
    ("findings_over_seeds", "arg_min(why, seed)", "arg_max(why, seed)"),
    ("findings_over_seeds", "AND status <> 'failed'", ""),
    ("findings_over_seeds", "rank = 1 AND anywhere", "anywhere"),
    ("findings_over_seeds", "agreeing_here, anywhere)", "anywhere, anywhere)"),
    ("diagnosis_ranking", "least(other.distance, 200)", "other.distance"),
    ("diagnosis_ranking", "inputs[1]", "site"),
    ("diagnosis_ranking", "(last > 3)::INTEGER", "1"),
    ("diagnosis_ranking", "last + 1 - deeper", "last"),
    ("diagnosis_ranking", "$level / (inits - 1)", "$level"),
    ("diagnosis_ranking", "freedom - 1) AS density", "freedom) AS density"),
    ("diagnosis_ranking", "position(['diverged', 'dead'", "position(['just right', 'diverged'"),
    ("diagnosis_ranking", "greatest(value / ln(classes), 1)", "value / ln(classes)"),
    ("diagnosis_ranking", "USING (examined, seed)", "USING (examined)"),
    ("diagnosis_ranking", "severity = 'error') AS grave", "severity = 'note') AS grave"),
    ("sites_over_seeds", "count(*) FILTER (NOT isfinite(std))", "count(*) FILTER (isfinite(std))"),
    ("sites_over_seeds", "avg(frac_saturated) FILTER (isfinite(frac_saturated))", "avg(frac_saturated)"),
    ("trained_near_diagnosed", "ORDER BY score DESC, optimizer", "ORDER BY score, optimizer"),
    ("trained_near_diagnosed", "ELSE chance END", "ELSE 0 END"),
    ("trained_near_diagnosed", "'+'), activation", "' '), activation"),
    ("trained_near_diagnosed", "= own_residual", "<> own_residual"),
    ("trained_near_diagnosed", "THEN len(shape) ELSE 0 END", "THEN 0 ELSE 0 END"),
    ("trained_near_diagnosed", "(NOT same_convolution)::INTEGER / 2", "(NOT same_convolution)::INTEGER"),
    ("stream_by_site", "lag(std)", "lead(std)"),
    ("stream_by_site", "AND layers.grad_rms > 0", ""),
    ("diagnosed_networks", "verdict = 'just right'", "verdict <> 'dead'"),
    ("curves_over_seeds", "ORDER BY metric, number", "ORDER BY number, metric"),
)  # fmt: skip


# What is compared is compared every time; these are mistakes that were noticed.
@pytest.mark.parametrize(("name", "right", "wrong"), breadth.few(MISTAKES, 14))
def test_a_mistake_is_noticed(answers, name, right, wrong):
    query = queries.get(name)
    assert right in query.sql
    with pytest.raises(AssertionError):
        compare(answers, replace(query, sql=query.sql.replace(right, wrong)), COVERING[name])


def test_the_interval_of_a_difference_of_shares_is_the_published_one():
    """Newcombe 1998, table II, method 10: 56 of 70 minus 48 of 80, and 9 of 10 minus 3 of 10."""

    def share(hits: int, of: int) -> dict[str, float]:
        part, z = hits / of, 1.959964**2 / of
        half = math.sqrt(z * part * (1 - part) + z * z / 4)
        ends = {"share_low": (part + z / 2 - half) / (1 + z), "share_high": (part + z / 2 + half) / (1 + z)}
        return {"share_that_train": part, **ends}

    for one, other, low, high in (((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090)):
        found = gain(share(*one), share(*other))
        assert [found["gain_low"], found["gain_high"]] == pytest.approx([low, high], abs=1e-4)
