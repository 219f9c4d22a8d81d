"""The views say the same as plain Python and pandas on the tables, and everything in a store explains itself."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from goldilocks import store
from goldilocks.store.schema.metrics import METRICS
from tests.store.builder import Batch, write

AXES = [
    *("cell_id", "study", "network", "dataset", "preprocessing", "init", "activation", "norm", "depth", "width"),
    *("batch_size", "optimizer", "lr", "steps", "seed", "study_axes", "study_numbers"),
]

# A rate that is fine in every layer, and a depth over which it comes to too much.
MILD, MANY = 1.2, 40
VERDICTS = {
    "just right": [
        {"rate": 1.0},
        {"rate": 1.24, "backward": 0.81},
        {"rate": 1.0, "depth": 7},
        {"rate": MILD, "depth": 20},
        {"layers": {"unit_std": 0.0}, "width": 1},
        {"rate": 1 / MILD, "backward": MILD, "depth": 20},
    ],
    "too small": [
        {"rate": 0.5},
        {"rate": 0.79},
        {"backward": 0.5},
        {"backward": 0.0},
        {"rate": 0.5, "depth": 2},
        {"rate": 1 / MILD, "depth": MANY},
        {"backward": 1 / MILD, "depth": MANY},
    ],
    "too big": [
        {"rate": 1.5},
        {"rate": 1.26},
        {"backward": 1.5},
        {"rate": 0.5, "backward": 1.5},
        {"rate": MILD, "depth": MANY},
        {"backward": MILD, "depth": MANY},
        {"rate": 1 / MILD, "backward": MILD, "depth": MANY},
    ],
    "dead": [
        {"layers": {"frac_dead_units": 1.0}},
        {"layers": {"frac_dead_units": 1.0}, "depth": 1},
        # Zero from the first layer on: all units are alike as well.
        {"layers": {"unit_std": 0.0, "std": 0.0, "rms": 0.0, "grad_rms": 0.0, "frac_zero": 1.0}},
        {"layers": {"unit_std": 0.0, "frac_dead_units": 1.0}},
        # From the last layer on.
        {"last": {"frac_zero": 1.0}},
        {"last": {"frac_dead_units": 1.0}, "depth": 6},
    ],
    "symmetric": [{"layers": {"unit_std": 0.0}}, {"layers": {"unit_std": 0.0}, "rate": 2.0}],
    "diverged": [
        {"shift": math.nan},
        {"shift": math.inf},
        {"shift": -math.inf, "depth": 1},
        {"shift": math.nan, "layers": {"frac_zero": 1.0, "unit_std": 0.0}},
    ],
    None: [{"depth": 1}],
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    batch = Batch().run()
    expected = {}
    for verdict, cells in VERDICTS.items():
        for cell in cells:
            last, seed = cell.get("last", {}), len(expected)
            chosen = {name: value for name, value in cell.items() if name != "last"}
            expected[batch.propagation(**chosen, seed=seed)] = verdict
            batch.rows["layers"][-1] |= last
    opened = store.open(write(tmp_path_factory.mktemp("verdicts") / "grid.duckdb", batch))
    yield opened, expected
    opened.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    batch = Batch().run()
    for seed, cell in enumerate(
        ({"learns": 1.0}, {"learns": 0.9}, {"learns": 0.89}, {"learns": 0.2}, {"diverges_at": 0}, {"diverges_at": 20})
    ):
        batch.training(**cell, seed=seed, theory_first_loss=2.3 + seed if seed % 2 else None)
    opened = store.open(write(tmp_path_factory.mktemp("trained") / "grid.duckdb", batch))
    yield opened
    opened.close()


def test_every_verdict_is_given_where_it_should(verdicts):
    opened, expected = verdicts
    assert dict(opened.query("SELECT cell_id, verdict FROM signal_rates").fetchall()) == expected
    assert set(VERDICTS) == {"too small", "just right", "too big", "dead", "symmetric", "diverged", None}


def rate(values: np.ndarray) -> float:
    """Geometric mean of the ratios of neighbours over the deeper half of the layers, as the contract says it."""
    half = max(len(values) // 2, 1)
    ratios = values[half:] / values[half - 1 : -1]
    return math.prod(ratios) ** (1 / len(ratios)) if len(ratios) else math.nan


def test_rates_equal_the_definition(verdicts):
    opened, _ = verdicts
    rates = opened.query("SELECT * FROM signal_rates").df().set_index("cell_id")
    layers = opened.query("SELECT * FROM layers ORDER BY layer").df()
    compared = 0
    for cell_id, rows in layers.groupby("cell_id"):
        std, grad = rows["std"].to_numpy(np.float64), rows["grad_rms"].to_numpy(np.float64)
        if not np.isfinite(std).all() or not std.all() or not grad.all():
            continue
        found = rates.loc[cell_id]
        np.testing.assert_allclose(found["forward_rate"], rate(std), rtol=1e-6)
        np.testing.assert_allclose(found["backward_rate"], 1 / rate(grad), rtol=1e-6)
        if len(std) > 1:
            np.testing.assert_allclose(found["forward_factor"], std[-1] / std[0], rtol=1e-6)
            np.testing.assert_allclose(found["backward_factor"], grad[0] / grad[-1], rtol=1e-6)
        compared += 1
    assert compared >= 10


def test_outcomes_equal_pandas(trained):
    curves = trained.query("SELECT * FROM curves").df()
    cells = trained.query("SELECT * FROM cells").df().set_index("cell_id")
    found = trained.query("SELECT * FROM outcomes").df().set_index("cell_id")
    assert len(found) == curves["cell_id"].nunique() == 6
    for cell_id, rows in curves.sort_values("step").groupby("cell_id"):
        outcome, last = found.loc[cell_id], rows.iloc[-1]
        np.testing.assert_equal(outcome["first_train_loss"], rows.iloc[0]["train_loss"])
        np.testing.assert_equal(outcome["theory_first_loss"], cells.loc[cell_id, "theory_first_loss"])
        for name in ("train_loss", "train_accuracy", "test_accuracy"):
            np.testing.assert_equal(outcome[f"final_{name}"], last[name])
        np.testing.assert_equal(outcome["best_test_accuracy"], rows["test_accuracy"].max())
        reached = rows.loc[rows["test_accuracy"] >= np.float32(0.9), "step"]
        assert (reached.empty and pd.isna(outcome["steps_to_90"])) or outcome["steps_to_90"] == reached.min()
        assert outcome["diverged"] == (cells.loc[cell_id, "status"] == "diverged")
        np.testing.assert_equal(
            [math.nan if pd.isna(value) else value for value in (outcome["diverged_at_step"],)],
            [math.nan if pd.isna(value) else value for value in (cells.loc[cell_id, "diverged_at_step"],)],
        )


def test_ninety_percent_exactly_counts_as_reached(trained):
    assert trained.query(
        "SELECT seed, steps_to_90 FROM outcomes WHERE seed IN (0, 1, 2, 4) ORDER BY seed"
    ).fetchall() == [
        (0, 18),
        (1, 20),
        (2, None),
        (4, None),
    ]


def test_nan_and_infinity_stay_what_they_are(trained):
    values = trained.query(
        "SELECT train_loss, train_accuracy, grad_norm FROM convergence WHERE seed = 5 AND step = 20"
    ).fetchall()[0]
    assert values[0] == math.inf
    assert math.isnan(values[1])
    assert values[2] == math.inf
    assert trained.query("SELECT count(*) FROM convergence WHERE test_loss IS NULL").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("view", "table"),
    [
        ("activation_stats", "layers"),
        ("gradient_stats", "layers"),
        ("histograms", "layer_histograms"),
        ("convergence", "curves"),
    ],
)
def test_joined_views_are_the_table_with_the_axes(layout, view, table):
    with store.open(layout) as opened:
        columns = opened.query(f"SELECT * FROM {view} LIMIT 0").columns
        assert columns[: len(AXES)] == AXES
        measured = ", ".join(f'"{name}"' for name in ["cell_id", *columns[len(AXES) :]])
        query = f"SELECT {measured} FROM {{}} ORDER BY ALL"
        assert repr(opened.query(query.format(view)).fetchall()) == repr(opened.query(query.format(table)).fetchall())
        mismatched = f"SELECT count(*) FROM {view} JOIN cells USING (cell_id) WHERE {view}.init <> cells.init"
        assert opened.query(mismatched).fetchall() == [(0,)]


def test_the_columns_of_the_contract_are_there(layout):
    promised = {
        "activation_stats": "layer mean std rms min max frac_saturated frac_zero frac_dead_units preact_std theory_std",
        "gradient_stats": "layer grad_rms weight_grad_rms theory_grad_rms",
        "histograms": "layer tap lo hi counts underflow overflow nonfinite",
        "convergence": "step train_loss train_accuracy test_loss test_accuracy grad_norm update_ratio",
        "outcomes": "final_train_loss final_train_accuracy final_test_accuracy best_test_accuracy steps_to_90 diverged "
        "diverged_at_step first_train_loss theory_first_loss",
        "signal_rates": "forward_rate backward_rate forward_factor backward_factor verdict",
    }
    with store.open(layout) as opened:
        for view, columns in promised.items():
            assert {*AXES, *columns.split()} <= set(opened.query(f"SELECT * FROM {view} LIMIT 0").columns), view


def test_every_table_view_and_column_has_a_comment(layout):
    with store.open(layout) as opened:
        relations = opened.relations()
        assert all(one.comment.endswith(".") for one in relations)
        columns = opened.query(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
        assert {table for table, _, _ in columns} == {one.name for one in relations}
        assert [column for *column, comment in columns if not comment] == []


def test_every_metric_has_the_meaning_of_its_column(layout):
    with store.open(layout) as opened:
        rows = opened.query("SELECT name, unit, meaning, better FROM metrics WHERE study IS NULL").fetchall()
        comments = dict(
            opened.query(
                # What is measured at a site or of a parameter has the name that it has in a layer.
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name NOT IN "
                "('runs', 'taps', 'site_stats', 'parameters', 'parameter_stats')"
            ).fetchall()
        )
        floats = opened.query(
            "SELECT DISTINCT column_name FROM duckdb_columns() WHERE NOT internal AND data_type = 'FLOAT' "
            "AND column_name NOT IN ('lo', 'hi')"
        ).fetchall()
    assert [name for name, *_ in rows] == [metric.name for metric in METRICS]
    own = {metric.name: metric.meaning for metric in METRICS if metric.meaning}
    assert not own.keys() & comments.keys(), "a column says its own meaning"
    assert all((comments | own)[name] == meaning for name, _, meaning, _ in rows)
    assert {name for (name,) in floats} <= {name for name, *_ in rows}
    assert {better for *_, better in rows} == {"higher", "lower", None}
