"""The named queries of the pages equal plain pandas on a store whose numbers are known."""

import math

import numpy as np
import pandas as pd
import pytest

import store
from tests.store.builder import Batch, write

AXES = [
    "network", "dataset", "preprocessing", "init", "activation", "norm", "depth", "width", "batch_size", "optimizer",
    "lr", "steps",
]  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    batch = Batch().run(grid_text='name = "one"').run("later", grid_text='name = "two"').scheme().metric("xi")
    for seed in range(3):
        batch.propagation(rate=0.9 + 0.01 * seed, seed=seed)
        batch.propagation(rate=0.5, shift=math.nan if seed == 2 else 0.0, init="normal(std=0.01)", seed=seed)
        batch.propagation(rate=1.5, activation="relu", norm="batch", seed=seed, depth=3)
        for lr, learns in ((0.1, 0.85), (1.0, 0.95), (3.0, 0.5)):
            batch.training(learns=learns + 0.02 * seed, lr=lr, seed=seed)
            late = 8 if lr == 1.0 and seed > 0 else None
            batch.training(learns=0.92, diverges_at=late, lr=lr, init="kaiming", seed=seed)
            batch.training(learns=0.97, lr=lr, norm="batch", seed=seed, depth=8)
        for init in ("xavier", "kaiming"):
            cell = batch.cell("odd", seed=seed, init=init)
            for position in (1.0, 2.0):
                value = math.inf if seed == 2 and position == 2 else position * (seed + 1)
                batch.measurement(cell, "xi", value, position, "left")
                batch.measurement(cell, "xi", -value, position, "right")
        for bias, chi in ((0.0, 0.5), (0.1, 1.5)):
            point = batch.cell("mean_field", seed=seed, init=f"mean_field(bias_variance={bias})")
            for name, value, part in (
                ("weight_variance", 1.0000000001, ""), ("bias_variance", bias, ""), ("chi", chi, "theory"),
                ("chi", chi + 0.1 * seed, "measured"), ("depth_c", math.inf if seed else 5.0, "measured"),
            ):  # fmt: skip
                batch.measurement(point, name, value, None, part)
    handle = store.open(write(tmp_path_factory.mktemp("pages") / "grid.duckdb", batch))
    yield handle
    handle.close()


def frame(opened, view):
    return opened.query(f"SELECT * FROM {view}").df()


def close(found, expected):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=1e-5)


def grouped(rows, *columns):
    return dict(list(rows.groupby(list(columns), dropna=False)))


def test_axis_values(opened):
    cells = frame(opened, "cells")
    for study in ("training", "propagation"):
        own = cells[cells["study"] == study]
        found = opened.axis_values(study=study).df().iloc[0]
        assert (found["cells"], found["seeds"]) == (len(own), own["seed"].nunique())
        assert list(found["inits"]) == sorted(own["init"].unique())
        assert list(found["depths"]) == sorted(own["depth"].unique())
    assert list(found["widths"]) == [8]
    # An axis that a study lacks has no values: neither NULL nor zero.
    assert found["lrs"] is None or found["lrs"] is pd.NA or not len(found["lrs"])


@pytest.mark.parametrize("metric", ["train_loss", "test_accuracy", "grad_norm"])
def test_curves_over_seeds(opened, metric):
    curves = frame(opened, "convergence").merge(frame(opened, "cells")[["cell_id", "diverged_at_step"]], on="cell_id")
    curves = curves[curves["lr"].isin([0.1, 1.0])]
    groups = grouped(curves, *AXES, "step")
    found = opened.curves_over_seeds(metric=metric, lrs=[0.1, 1.0]).df()
    assert len(found) == len(groups) > 0
    for row in found.itertuples(index=False):
        rows = groups[tuple(getattr(row, name) for name in (*AXES, "step"))]
        finite = rows.loc[np.isfinite(rows[metric]), metric].astype(float)
        assert (row.seeds, row.finite) == (len(rows), len(finite))
        assert row.diverged == (rows["diverged_at_step"] <= row.step).sum()
        close([row.mean, row.low, row.high], [finite.mean(), finite.min(), finite.max()])
        assert row.spread == pytest.approx(finite.std(ddof=1) if len(finite) > 1 else 0, rel=1e-4, abs=1e-7)


def test_outcomes_over_seeds(opened):
    groups = grouped(frame(opened, "outcomes"), *AXES)
    found = opened.outcomes_over_seeds().df()
    assert len(found) == len(groups)
    for row in found.itertuples(index=False):
        rows = groups[tuple(getattr(row, name) for name in AXES)]
        accuracy = rows["final_test_accuracy"].astype(float)
        finite = accuracy[np.isfinite(accuracy)]
        assert (row.seeds, row.diverged, row.finite) == (len(rows), rows["diverged"].sum(), len(finite))
        close([row.share_that_train, row.final_test_accuracy], [rows["steps_to_90"].notna().mean(), finite.mean()])
        close([row.final_test_accuracy_low, row.final_test_accuracy_high], [finite.min(), finite.max()])
        close(row.steps_to_90, rows["steps_to_90"].astype(float).median())
    assert found["diverged"].sum() == 2


def test_learning_rate_sweep(opened):
    outcomes = frame(opened, "outcomes")
    outcomes["score"] = (
        outcomes["final_test_accuracy"].astype(float).where(np.isfinite(outcomes["final_test_accuracy"]), 0)
    )
    found = opened.learning_rate_sweep().df()
    assert len(found) == 9
    for (init, norm), rows in found.groupby(["init", "norm"]):
        own = outcomes[(outcomes["init"] == init) & (outcomes["norm"] == norm)].groupby("lr")
        means, lost = own["score"].mean(), own["diverged"].sum().cumsum()
        close(rows.sort_values("lr")["mean"], means)
        stable = lost[lost == 0].index
        assert rows["largest_stable"].unique().tolist() == [stable.max()]
        assert rows["best"].unique().tolist() == [means.idxmax()]
        assert rows.sort_values("lr")["stable"].tolist() == (lost == 0).tolist()
    assert found.loc[found["init"] == "kaiming", "largest_stable"].eq(0.1).all()


@pytest.mark.parametrize("over", ["mean", "best"])
def test_outcome_map(opened, over):
    outcomes = frame(opened, "outcomes").astype({"final_test_accuracy": float, "steps_to_90": float})
    outcomes["trains"] = outcomes["steps_to_90"].notna()
    outcomes["final_test_accuracy"] = outcomes["final_test_accuracy"].where(
        np.isfinite(outcomes["final_test_accuracy"])
    )
    per = outcomes.groupby(AXES, as_index=False).agg(
        share_that_train=("trains", "mean"), steps_to_90=("steps_to_90", "median"), share_diverged=("diverged", "mean"),
        final_test_accuracy=("final_test_accuracy", "mean"), seeds=("seed", "size"),
    )  # fmt: skip
    found = opened.outcome_map(x="norm", y="init", over=over).df()
    assert len(found) == 3
    for row in found.itertuples():
        rows = per[(per["norm"] == row.x) & (per["init"] == row.y)]
        if over == "best":
            rows = rows.sort_values("final_test_accuracy", ascending=False).head(1)
        assert (row.configurations, row.seeds) == (len(rows), rows["seeds"].sum())
        for name in ("share_that_train", "steps_to_90", "share_diverged", "final_test_accuracy"):
            close(getattr(row, name), rows[name].mean())


def test_signal_map(opened):
    rates = frame(opened, "signal_rates")
    found = opened.signal_map(x="activation", y="init").df()
    assert len(found) == 3
    for row in found.itertuples():
        rows = rates[(rates["activation"] == row.x) & (rates["init"] == row.y)]
        sound = rows[(rows["forward_rate"] > 0) & np.isfinite(rows["forward_rate"])]
        assert (row.seeds, row.lost) == (len(rows), len(rows) - len(sound))
        close(row.forward_rate, np.exp(np.log(sound["forward_rate"]).mean()))
        close(row.share_just_right, (rows["verdict"] == "just right").mean())
        close(row.share_diverged, (rows["verdict"] == "diverged").mean())
    assert found["lost"].sum() == 1


def test_measured_studies_and_parts(opened):
    found = opened.measured_studies().df().set_index("study")
    assert list(found.loc["odd", "quantities"]) == ["xi"]
    assert (found.loc["odd", "cells"], found.loc["odd", "seeds"]) == (6, 3)
    assert found.loc["training", "quantities"] is None or pd.isna(found.loc["training", "quantities"])
    parts = opened.quantity_parts(study="odd", quantity="xi").df()
    assert parts["part"].tolist() == ["left", "right"]
    assert parts["numbers"].tolist() == [12, 12]


def test_quantity_over_seeds(opened):
    rows = frame(opened, "quantities")
    rows = rows[(rows["study"] == "odd") & (rows["part"] == "left") & (rows["init"] == "xavier")]
    found = opened.quantity_over_seeds(study="odd", quantity="xi", parts=["left"], inits=["xavier"]).df()
    assert found["position"].tolist() == [1.0, 2.0]
    for row in found.itertuples():
        values = rows.loc[rows["position"] == row.position, "value"]
        finite = values[np.isfinite(values)]
        assert (row.seeds, row.finite) == (len(values), len(finite))
        expected = [finite.mean(), finite.min(), finite.max(), finite.std(ddof=1)]
        close([row.mean, row.low, row.high, row.spread], expected)


def test_first_seed_quantity(opened):
    rows = frame(opened, "quantities")
    rows = rows[(rows["study"] == "odd") & (rows["seed"] == 0)]
    found = opened.first_seed_quantity(study="odd", quantity="xi").df()
    first = rows[rows["cell_id"] == rows["cell_id"].min()]
    assert sorted(found["value"]) == sorted(first["value"])


def test_nearest_trained(opened):
    cells = frame(opened, "cells").query("study == 'training'")
    found = opened.nearest_trained(activation="tanh", depth=6, width=16).df()
    expected = cells.groupby("depth").size()
    assert found.set_index("depth")["cells"].to_dict() == expected.to_dict()
    close(found["distance"], np.abs(np.log(found["depth"] / 6)) + np.abs(np.log(found["width"] / 16)) / 2)
    assert found["distance"].is_monotonic_increasing
    assert opened.nearest_trained(activation="relu", depth=6, width=16).df().empty


def test_recommendation(opened):
    rows = frame(opened, "outcomes").query("depth == 4")
    rows = rows.assign(
        score=rows["final_test_accuracy"].astype(float).where(np.isfinite(rows["final_test_accuracy"]), 0.0)
    )
    shape = {"preprocessing": "none", "activation": "tanh", "depth": 4, "width": 8, "batch_size": 4, "steps": 20}
    found = opened.recommendation(**shape).df()
    scores = {key: group["score"].to_numpy() for key, group in rows.groupby(["init", "norm", "optimizer", "lr"])}
    assert len(found) == len(scores) == 6
    close(found["score"], sorted((values.mean() for values in scores.values()), reverse=True))
    first = scores[tuple(found.loc[0, ["init", "norm", "optimizer", "lr"]])]
    assert pd.isna(found.loc[0, "first_beats"])
    for row in found.iloc[1:].itertuples():
        other = scores[(row.init, row.norm, row.optimizer, row.lr)]
        wins = (first[:, None] > other[None]) + 0.5 * (first[:, None] == other[None])
        close(row.first_beats, wins.mean())
    assert opened.recommendation(**shape, norms=["batch"]).df().empty


def test_distributions_of_layers(opened):
    shape = {"preprocessing": "none", "depth": 4, "width": 8, "batch_size": 4}
    found = opened.distributions_of_layers(**shape, inits=["xavier"], layers=[1, 4], tap="grad", most_seeds=2).df()
    every = frame(opened, "histograms")
    expected = every[
        (every["init"] == "xavier") & (every["depth"] == 4) & (every["tap"] == "grad") & every["layer"].isin([1, 4])
        & (every["seed"] < 2)
    ]  # fmt: skip
    assert len(found) == len(expected) == 4
    close(found["hi"], expected.sort_values(["layer", "seed"])["hi"])


def test_layers_of_configuration(opened):
    layers = frame(opened, "activation_stats").query("init == 'xavier' and activation == 'tanh'")
    found = opened.layers_of_configuration(depth=5).df()
    assert found["layer"].tolist() == [1, 2, 3, 4]
    close(found["std"], layers.groupby("layer")["std"].mean())
    broken = opened.layers_of_configuration(init="normal(std=0.01)").df()
    assert broken["std_overflowed"].tolist() == [0, 1, 1, 1]
    assert opened.layers_of_configuration(init="no such").df().empty


def test_weight_scales_cards_and_grids(opened):
    layers = frame(opened, "activation_stats")
    found = opened.weight_scales(activation="tanh").df().set_index("init")["sigma_w"]
    sound = layers[(layers["activation"] == "tanh") & np.isfinite(layers["sigma_w"])]
    last = sound.sort_values(["width", "depth", "layer"]).groupby("init")["sigma_w"].last()
    assert set(found.index) == set(last.index)
    cards = opened.scheme_cards(kind="initializer").df()
    assert cards["name"].tolist() == ["xavier"]
    assert opened.scheme_cards(kind="activation").df().empty
    assert set(opened.run_grids().df()["grid_text"]) == {'name = "one"', 'name = "two"'}


def test_order_and_chaos(opened):
    found = opened.order_and_chaos(activation="tanh").df()
    assert found[["weight_variance", "bias_variance"]].to_numpy().tolist() == [[1.0, 0.0], [1.0, 0.1]]
    close(found["chi"], [0.5, 1.5])
    close(found["chi_measured"], [0.6, 1.6])
    close(found["depth_c_measured"], [5.0, 5.0])
    assert found["seeds"].tolist() == [3, 3]
