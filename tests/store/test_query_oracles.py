"""Every named query equals its oracle in plain pandas, whatever its parameters, on rows in which everything occurs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from goldilocks import store
from goldilocks.store import queries
from goldilocks.store.reading.inline_sql import inlined
from tests.oracles.queries import ORACLES, Tables
from tests.oracles.queries.lecture_training import gain
from tests.oracles.queries.tables import TRAINING_AXES
from tests.store.builder import write
from tests.store.varied import SCALES, Varied

PROPAGATION = {"preprocessing": "raw", "width": 8, "batch_size": 4, "depth": 2, "norm": "none", "activation": "tanh"}
TRAINING = {"preprocessing": "standardize", "width": 8, "batch_size": 4, "depth": 2, "steps": 20, "activation": "relu"}
# What to ask of a store whose networks are small; by query where it is not the same for all.
USUAL: dict[str, dict[str, Any]] = {
    "lecture_01_preprocessing": {"depth": 2, "width": 8, "steps": 10},
    "lecture_01_centring": {"depth": 2, "width": 8, "centred": "raw"},
    "lecture_02_symmetry": {"depth": 2},
    "lecture_03_depth": {"init": "kaiming", "width": 8, "batch_size": 4, "steps": 20},
    "lecture_04_too_small": {"init": "xavier"},
    "lecture_05_too_big": {"init": "normal(std=0.5)", "depth": 5},
    "lecture_06_convolution": {"depth": 2, "inits": ["xavier", "kaiming"], "batch_size": 4, "preprocessing": "raw"},
    "lecture_07_relu_xavier": {"activation": "relu", "depth": 5},
    "lecture_08_kaiming": {"activation": "relu", "inits": ["kaiming", "zeros"], "preprocessing": "raw"},
    "lecture_12_learning_rates": {"rates": 3, "batch_size": 4, "steps": 20},
    "lecture_12_by_rate": {"batch_size": 4, "steps": 20},
    "lecture_14_claims": {"small": 4, "medium": 8, "large": 16, "selection": 2},
    "lecture_14_regularization": {"selection": 2},
    "lecture_17_transfer": {"selection": 2},
    "lecture_17_claims": {"similar": "digits", "dissimilar": "cloud", "small": 5, "large": 10, "selection": 2},
    "assignment_2_batch_size": {"dataset": "digits"},
    "assignment_2_weight_scale": {"dataset": "digits"},
    "order_and_chaos": {},
    "nearest_trained": {"depth": 3, "width": 9},
    "what_trains": {"depth": 3, "width": 9},
    "outlook_at_depth": {"depth": 40, "activation": "tanh"},
    "layers_of_configuration": {"depth": 3, "width": 9},
    "quantity_over_seeds": {"study": "odd", "quantity": "xi"},
    "quantity_parts": {"study": "odd", "quantity": "xi"},
    "first_seed_quantity": {"study": "odd", "quantity": "xi"},
    "scatter_points": {"study": "odd"},
    "columns": {"relation": "signal_rates"},
}
# Other values of a parameter, each asked with all else as usual.
OTHERS: dict[str, list[Any]] = {
    "least_depth": [1, 2, 6],
    "unlike": [0.0, 40.0],
    "usual": [0.0, 40.0],
    "bent": [0.0, 40.0],
    "activation": ["relu", "tanh"],
    "activations": [["tanh"], []],
    "baseline_init": ["kaiming", "nobody"],
    "baseline_activation": ["relu"],
    "baseline_norm": ["batch"],
    "batch_size": [8],
    "batch_sizes": [[8]],
    "dataset": ["digits", "cloud"],
    "datasets": [["digits"], ["cloud", "gaussian"]],
    "depth": [1, 5],
    "depths": [[5], [2, 5]],
    "dissimilar": ["digits"],
    "fast": [0.75],
    "init": ["kaiming", "nobody"],
    "inits": [["xavier"], list(SCALES[:2])],
    "kind": ["activation"],
    "large": [8],
    "layers": [[2, 5]],
    "loss": [0.25],
    "level": [0.5],
    "enough": [2],
    "together": [2, 1000],
    "lr": [0.01],
    "lrs": [[0.1], [0.01, 1.0]],
    "medium": [16],
    "metrics": [["train_loss", "train_accuracy"], ["update_ratio", "test_loss", "grad_norm"], ["test_loss"] * 2, []],
    "most": [1, 40, 1000],
    "most_seeds": [1, None],
    "network": ["conv"],
    "networks": [["conv"]],
    "norm": ["batch"],
    "norms": [["batch"]],
    "optimizer": ["adam"],
    "optimizers": [["adam"]],
    "over": ["best"],
    "parts": [["left"]],
    "preprocessing": ["whiten", "raw"],
    "preprocessings": [["raw"]],
    "quantity": ["chi"],
    "rates": [2],
    "relation": ["cells"],
    "selection": [4],
    "similar": ["cloud"],
    "size": [0.5],
    "small": [8],
    "step_counts": [[10]],
    "steps": [10, 20],
    "study": ["mean_field", "propagation"],
    "study_values": [["color=blue", "size=9"], ["size=10"], ["nothing=1"], []],
    "agreement": [0.0, 1.0],
    "tap": ["pre", "grad"],
    "tolerance": [0.5],
    "better": [1.0],
    "centred": ["whiten"],
    "scaled": ["raw", "whiten"],
    "target_width": [4, 10_000],
    "target": [0.7, 0.8, 0.9],
    "variety": [0.0, 1.0],
    "width": [16],
    "widths": [[16]],
    "x": [
        "norm",
        "lr",
        "steps",
        "network",
        "dataset",
        "preprocessing",
        "activation",
        "width",
        "batch_size",
        "optimizer",
    ],
    "y": ["depth", "norm", "lr", "steps", "network", "dataset", "preprocessing", "width", "batch_size", "optimizer"],
}


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


def usual(query: queries.Query) -> dict[str, Any]:
    """Returns a value for every parameter."""
    default = {one.name: one.default for one in query.parameters}
    kind = PROPAGATION if default.get("dataset") == "gaussian" or "inits" not in default else TRAINING
    if query.name in ("recommendation", "lecture_10_depth_with_batch_norm") or "optimizer" in default:
        kind = TRAINING
    chosen = {name: value for name, value in kind.items() if name in default and default[name] is not None}
    return default | chosen | USUAL.get(query.name, {})


def cases(query: queries.Query, most: int | None = None) -> Iterator[dict[str, Any]]:
    """Yields what a query is asked: the usual, and every parameter with other values, so many at most."""
    values = usual(query)
    yield values
    for name in values:
        yield from (values | {name: other} for other in OTHERS[name][:most] if other != values[name])


# Columns that tell the rows of one answer apart.
KEYS = {
    *TRAINING_AXES, *("study", "status", "seed", "layer", "step", "part", "position", "quantity", "scale", "units"),
    *("source", "source_steps", "source_lr", "per_class", "scheme", "images", "lr_per_example", "epochs"),
    *("weight_variance", "bias_variance", "kind", "name", "node", "evidence", "number", "grid", "grid_text"),
    *("run_id", "place", "metric", "study_axes", "rule", "label"),
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
    if isinstance(found, float) and expected is not None:
        return math.isclose(found, expected, rel_tol=2e-5, abs_tol=1e-9) or (math.isnan(found) and math.isnan(expected))
    return found == expected and (found is None) == (expected is None)


def test_every_query_has_an_oracle_and_every_oracle_a_query():
    assert set(ORACLES) == set(queries.all())


def compare(answers: Answers, query: queries.Query) -> list[int]:
    """Asserts that a query equals its oracle in every case, and returns how many rows it had in each."""
    counts = []
    for values in cases(query):
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


@pytest.mark.parametrize("query", queries.all().values(), ids=queries.all().keys())
def test_with_its_values_written_in_it_gives_the_same(answers, query):
    # How a value is written depends on its type, not on each axis that it may name.
    for values in cases(query, most=2):
        pasted = by_key(answers.opened.query(inlined(query, values)).arrow().to_pylist())
        for row, other in zip(pasted, by_key(answers.query(query, values)), strict=True):
            assert row.keys() == other.keys()
            assert all(same(row[name], other[name]) for name in row), values


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


@pytest.mark.parametrize("query", queries.all().values(), ids=queries.all().keys())
def test_it_equals_plain_pandas(answers, query):
    assert compare(answers, query)[0] > 0, "what is usually asked has no answer"


MISTAKES = (
    ("signal_by_layer", "isfinite(grad_rms)", "true"),
    ("learning_rate_sweep", "arg_max(lr, (mean", "arg_min(lr, (mean"),
    ("lecture_12_learning_rates", "$fast::FLOAT", "$fast"),
    ("lecture_14_regularization", "[12.706, ", "["),
    ("lecture_17_claims", "difference > threshold", "difference > 0"),
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
    ("findings_over_seeds", "agreeing >= $agreement", "agreeing > $agreement"),
    ("findings_over_seeds", "median(measured)", "avg(measured)"),
    ("findings_over_seeds", "arg_min(why, seed)", "arg_max(why, seed)"),
    ("findings_over_seeds", "AND status <> 'failed'", ""),
    ("stream_by_site", "lag(std)", "lead(std)"),
    ("stream_by_site", "AND layers.grad_rms > 0", ""),
    ("diagnosed_networks", "verdict = 'just right'", "verdict <> 'dead'"),
    ("curves_over_seeds", "ORDER BY metric, number", "ORDER BY number, metric"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong"), MISTAKES)
def test_a_mistake_is_noticed(answers, name, right, wrong):
    query = queries.get(name)
    assert right in query.sql
    with pytest.raises(AssertionError):
        compare(answers, replace(query, sql=query.sql.replace(right, wrong)))


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
