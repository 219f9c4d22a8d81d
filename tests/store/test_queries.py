"""Every named query is documented and runs; those about results equal plain pandas."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

import store
from store import queries


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


def frame(opened: store.Store, view: str) -> pd.DataFrame:
    return opened.query(f"SELECT * FROM {view}").df()


def by(rows: pd.DataFrame, *columns: str) -> dict[tuple, pd.DataFrame]:
    return dict(list(rows.groupby([*columns], dropna=False)))


def test_std_by_layer(opened):
    layers = frame(opened, "activation_stats").merge(
        frame(opened, "gradient_stats")[["cell_id", "layer", "grad_rms"]], on=["cell_id", "layer"]
    )
    groups = by(layers[layers["activation"] == "tanh"], "init", "norm", "depth", "layer")
    found = opened.std_by_layer(activation="tanh").df()
    assert len(found) == len(groups) == 8
    for row in found.itertuples():
        rows = groups[(row.init, row.norm, row.depth, row.layer)]
        finite = rows[np.isfinite(rows["std"]) & np.isfinite(rows["grad_rms"])]
        assert (row.seeds, row.left_out) == (4, len(rows) - len(finite))
        np.testing.assert_allclose(row.std, finite["std"].astype(float).mean(), rtol=1e-6)
        np.testing.assert_allclose(row.std_spread, finite["std"].astype(float).std(ddof=1), rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(row.grad_rms, finite["grad_rms"].astype(float).mean(), rtol=1e-6)
    assert found["left_out"].sum() == 3


def test_signal_verdicts(opened):
    groups = by(frame(opened, "signal_rates"), "init", "activation", "norm", "depth")
    found = opened.signal_verdicts().df()
    assert len(found) == len(groups)
    for row in found.itertuples():
        rows = groups[(row.init, row.activation, row.norm, row.depth)]
        (verdict, times), *_ = Counter(rows["verdict"]).most_common(1)
        assert (row.verdict, row.agreement, row.seeds) == (verdict, times / len(rows), len(rows))
        finite = rows[np.isfinite(rows["forward_rate"])]
        assert row.left_out == len(rows) - len(finite)
        np.testing.assert_allclose(row.forward_rate, np.exp(np.log(finite["forward_rate"]).mean()))
        np.testing.assert_allclose(row.backward_rate, np.exp(np.log(finite["backward_rate"]).mean()))
    assert sorted(found["verdict"]) == ["just right", "too big", "too small"]


def shares(rows: pd.DataFrame, target: float = 0.9) -> tuple[int, float, float, int]:
    final = rows["final_test_accuracy"].astype(float)
    finite = final[np.isfinite(final)]
    reached = (rows["best_test_accuracy"].fillna(0) >= np.float32(target)).mean()
    return len(rows), reached, finite.mean(), len(final) - len(finite)


@pytest.mark.parametrize("target", [0.9, 0.97])
def test_bn_against_none(opened, target):
    groups = by(frame(opened, "outcomes"), "init", "norm", "depth", "lr")
    found = opened.bn_against_none(target=target).df()
    assert len(found) == len(groups) == 6
    for row in found.itertuples():
        expected = shares(groups[(row.init, row.norm, row.depth, row.lr)], target)
        np.testing.assert_allclose(
            (row.seeds, row.share_reached, row.mean_final_accuracy, row.left_out), expected, rtol=1e-6
        )
    assert found["left_out"].sum() == 4


def test_depth_trainability(opened):
    groups = by(frame(opened, "outcomes"), "init", "norm", "depth")
    found = opened.depth_trainability().df()
    assert len(found) == len(groups) == 3
    for row in found.itertuples():
        candidates = {lr: shares(rows) for (lr,), rows in by(groups[(row.init, row.norm, row.depth)], "lr").items()}
        best = max(candidates, key=lambda lr: (candidates[lr][1], candidates[lr][2], -lr))
        assert row.best_lr == best
        found_row = (row.seeds, row.share_reached, row.mean_final_accuracy, row.left_out)
        np.testing.assert_allclose(found_row, candidates[best], rtol=1e-6)


@pytest.mark.parametrize("target", [0.5, 0.9])
def test_steps_to_target(opened, target):
    curves = frame(opened, "convergence")
    groups = by(curves, "init", "norm", "depth", "lr")
    found = opened.steps_to_target(target=target).df()
    assert len(found) == len(groups) == 6
    for row in found.itertuples():
        rows = groups[(row.init, row.norm, row.depth, row.lr)]
        first = rows[rows["test_accuracy"] >= np.float32(target)].groupby("cell_id")["step"].min()
        assert (row.seeds, row.never_reached) == (4, rows["cell_id"].nunique() - len(first))
        np.testing.assert_equal(float(row.steps_to_target), float(first.median()))


def test_coverage_and_runs(opened):
    cells = frame(opened, "cells")
    coverage = opened.coverage().df()
    for row in coverage.itertuples():
        assert row.cells == ((cells["study"] == row.study) & (cells["status"] == row.status)).sum()
    assert coverage["cells"].sum() == len(cells)
    kept = opened.runs().df().set_index("run_id")["cells_kept"]
    assert kept.to_dict() == cells["run_id"].value_counts().to_dict() | {"later": 0}


def test_values_are_bound_and_never_formatted_in(opened):
    assert opened.std_by_layer(activation="tanh' OR '1'='1").fetchall() == []


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("std_by_leyer", {}, "did you mean std_by_layer"),
        ("std_by_layer", {"activtion": "tanh"}, "did you mean activation"),
        ("coverage", {"x": 1}, "It has: none"),
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


@pytest.mark.parametrize("text", ["SELECT 1", "", "--\nSELECT 1", "-- Title\n-- $x: no type\nSELECT $x"])
def test_a_query_without_documentation_is_refused(text):
    with pytest.raises(store.StoreInvalid):
        queries.parse("q", text)
