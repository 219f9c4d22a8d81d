"""The named queries behind the pages equal plain pandas on the views and tables.

Those about verdicts, targets and seeds are in test_queries.py.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

import store
from store.metrics import METRICS

NETWORK = {"depth": 4, "width": 8, "batch_size": 4, "preprocessing": "none"}
TRAINED = {"width": 8, "batch_size": 4, "steps": 20, "preprocessing": "none"}


def frame(opened: store.Store, relation: str, **equal) -> pd.DataFrame:
    """Reads a table or view, and keeps the rows in which columns have a value, or one of several."""
    rows = opened.query(f"SELECT * FROM {relation}").df()
    for column, value in equal.items():
        rows = rows[rows[column].isin(value if isinstance(value, list) else [value])]
    return rows


def finite(values: pd.Series) -> pd.Series:
    values = values.astype(float)
    return values[np.isfinite(values)]


def same(found: object, expected: object) -> None:
    np.testing.assert_allclose(
        np.array([np.nan if pd.isna(found) else found], float),
        np.array([np.nan if pd.isna(expected) else expected], float),
        rtol=1e-6,
    )


SELECTIONS = [
    {},
    {"inits": ["xavier"]},
    {"inits": ["xavier", "normal(std=0.01)"], "activations": ["tanh"]},
    {"norms": []},
]


@pytest.mark.parametrize("chosen", SELECTIONS)
def test_signal_by_layer(opened, chosen):
    wanted = {name.removesuffix("s"): value for name, value in chosen.items()}
    rows = frame(opened, "activation_stats", **NETWORK, **wanted).merge(
        frame(opened, "gradient_stats")[["cell_id", "layer", "grad_rms", "theory_grad_rms"]], on=["cell_id", "layer"]
    )
    groups = dict(list(rows.groupby(["init", "activation", "norm", "layer"])))
    found = opened.signal_by_layer(**NETWORK, **chosen).df()
    assert len(found) == len(groups)
    for row in found.itertuples():
        group = groups[(row.init, row.activation, row.norm, row.layer)]
        assert row.seeds == len(group)
        usable = np.isfinite(group["std"].astype(float)) & np.isfinite(group["mean"].astype(float))
        assert row.std_overflowed == (~usable).sum()
        assert row.grad_rms_overflowed == (~np.isfinite(group["grad_rms"].astype(float))).sum()
        for column in ("mean", "std", "grad_rms", "frac_saturated", "frac_zero", "frac_dead_units"):
            same(getattr(row, column), finite(group[column]).mean())
        for column in ("std", "grad_rms"):
            same(getattr(row, f"{column}_low"), finite(group[column]).min())
            same(getattr(row, f"{column}_high"), finite(group[column]).max())
    assert found["std_overflowed"].sum() == (0 if not len(found) or chosen == SELECTIONS[1] else 3)


@pytest.mark.parametrize("tap", ["pre", "act", "grad"])
def test_layer_distributions(opened, tap):
    expected = frame(opened, "histograms", **NETWORK, tap=tap, init="xavier")
    found = opened.layer_distributions(**NETWORK, tap=tap, inits=["xavier"]).df()
    keys = ["init", "activation", "norm", "layer", "seed"]
    assert len(found) == len(expected) == 16
    joined = found.merge(expected, on=keys, suffixes=("", "_expected"))
    assert len(joined) == len(found)
    for column in ("lo", "hi", "underflow", "overflow", "nonfinite"):
        np.testing.assert_array_equal(joined[column], joined[f"{column}_expected"])
    assert [list(row) for row in joined["counts"]] == [list(row) for row in joined["counts_expected"]]
    assert opened.layer_distributions(**NETWORK, tap=tap, activations=["relu"]).fetchall() == []


@pytest.mark.parametrize("chosen", [{}, {"norms": ["none"], "lrs": [0.1]}, {"inits": ["kaiming"]}, {"depths": [8]}])
def test_learning_curves(opened, chosen):
    wanted = {name.removesuffix("s"): value for name, value in chosen.items()}
    rows = frame(opened, "convergence", **TRAINED, **wanted).merge(
        frame(opened, "cells")[["cell_id", "diverged_at_step"]], on="cell_id"
    )
    groups = dict(list(rows.groupby(["init", "activation", "norm", "depth", "lr", "step"])))
    found = opened.learning_curves(**TRAINED, **chosen).df()
    assert len(found) == len(groups) > 0
    for row in found.itertuples():
        group = groups[(row.init, row.activation, row.norm, row.depth, row.lr, row.step)]
        assert row.seeds == len(group)
        assert row.diverged == (group["diverged_at_step"] <= row.step).sum()
        for column in ("train_loss", "test_accuracy"):
            values = finite(group[column])
            same(getattr(row, column), values.mean())
            same(getattr(row, f"{column}_low"), values.min())
            same(getattr(row, f"{column}_high"), values.max())


@pytest.mark.parametrize("chosen", [{}, {"lrs": [1.0]}, {"inits": ["kaiming"], "depths": [4, 5]}])
def test_training_outcomes(opened, chosen):
    wanted = {name.removesuffix("s"): value for name, value in chosen.items()}
    groups = dict(
        list(frame(opened, "outcomes", **TRAINED, **wanted).groupby(["init", "activation", "norm", "depth", "lr"]))
    )
    found = opened.training_outcomes(**TRAINED, **chosen).df()
    assert len(found) == len(groups) > 0
    for row in found.itertuples():
        group = groups[(row.init, row.activation, row.norm, row.depth, row.lr)]
        assert (row.seeds, row.diverged) == (len(group), group["diverged"].sum())
        same(row.share_that_train, group["steps_to_90"].notna().mean())
        same(row.steps_to_90, group["steps_to_90"].astype(float).median())
        same(row.final_test_accuracy, finite(group["final_test_accuracy"]).mean())
        same(row.final_train_loss, finite(group["final_train_loss"]).mean())
        same(row.diverged_at_step, group["diverged_at_step"].min())


def test_configuration_verdicts(opened):
    groups = dict(list(frame(opened, "signal_rates", **NETWORK).groupby(["init", "activation", "norm"])))
    found = opened.configuration_verdicts(**NETWORK).df()
    assert len(found) == len(groups) == 2
    for row in found.itertuples():
        group = groups[(row.init, row.activation, row.norm)]
        (verdict, times), *_ = Counter(group["verdict"]).most_common(1)
        assert (row.verdict, row.agreeing, row.seeds) == (verdict, times, len(group))
        same(row.forward_rate, finite(group["forward_rate"]).mean())
        same(row.backward_rate, finite(group["backward_rate"]).mean())


@pytest.mark.parametrize(
    ("query", "study", "lists"),
    [
        ("propagation_networks", "propagation", ["init", "activation", "norm"]),
        ("training_networks", "training", ["init", "activation", "norm", "depth", "lr"]),
    ],
)
def test_networks(opened, query, study, lists):
    cells = frame(opened, "cells", study=study, status=["done", "diverged"])
    found = opened.named(query).df()
    keys = [column for column in found.columns if column in cells.columns]
    groups = dict(list(cells.groupby(keys)))
    assert len(found) == len(groups)
    for row in found.to_dict("records"):
        group = groups[tuple(row[key] for key in keys)]
        assert (row["cells"], row["seeds"]) == (len(group), group["seed"].nunique())
        for axis in lists:
            assert list(row[f"{axis}s"]) == sorted(group[axis].unique())


def test_what_the_store_says_about_itself(opened):
    relations = {one.name: (one.kind, one.comment) for one in opened.relations()}
    listed = opened.tables_and_views().fetchall()
    assert {name: (kind, meaning) for name, kind, meaning in listed} == relations
    for name in relations:
        described = opened.query(f"DESCRIBE {name}").df()
        columns = opened.columns(relation=name).df()
        assert list(columns["name"]) == list(described["column_name"])
        assert list(columns["type"]) == list(described["column_type"])
        assert columns["meaning"].str.endswith(".").all()
    labels = opened.metric_labels().df().set_index("name")
    assert {metric.name: metric.label for metric in METRICS}.items() <= labels["label"].to_dict().items()
    thresholds = opened.verdict_thresholds().df().set_index("name")["value"]
    pd.testing.assert_series_equal(thresholds, frame(opened, "thresholds").set_index("name")["value"].sort_index())
