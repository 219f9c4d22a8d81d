"""The lecture's rows on batch norm, L9 and L14 to L16: each claim as an ordering over seeds, from one small grid."""

import numpy as np
import pytest

import engine
import store
from engine.execution.verify import verify
from engine.studies.batch_norm_layer import identity_error
from store.check import check

SEEDS = 3
GRID = """
[[study]]
kind = "batch_norm_layer"
dataset = "digits"
width = 32
depth = 3
init = "kaiming"
activation = ["tanh", "relu"]
lr = 0.1
batch_size = 32
steps = 100
seed = [0, 1, 2]

[[study]]
kind = "discrepancy"
dataset = "digits"
width = 64
depth = 5
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr_per_example = 0.001
epochs = 10
batch_size = [8, 32, 128]
seed = [0, 1, 2, 3, 4]

[[study]]
kind = "folding"
dataset = "digits"
width = [32, 64]
depth = 5
init = "kaiming"
activation = ["tanh", "relu"]
lr = 0.1
batch_size = 64
steps = 20
seed = [0, 1, 2]

[[study]]
kind = "folding"
dataset = "digits"
network = "conv(dense=1)"
width = 8
depth = 3
init = "kaiming"
activation = "relu"
lr = 0.1
batch_size = 64
steps = 20
seed = [0, 1, 2]
"""
EPS32 = float(np.finfo(np.float32).eps)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    path = tmp_path_factory.mktemp("batch_norm") / "grid.duckdb"
    summary = engine.run(engine.Grid.from_toml(GRID, "batch norm"), path)
    assert summary["cells_failed"] == summary["cells_diverged"] == 0
    assert all(finding.holds for finding in check(path))
    with store.open(path) as handle:
        yield handle


def series(opened, quantity, part="", norm="batch"):
    """Return a quantity by batch size and seed `[batch size, seed]`."""
    sql = """SELECT batch_size, seed, value FROM quantities
             WHERE quantity = $quantity AND part = $part AND norm = $norm AND study = 'discrepancy'"""
    found = opened.query(sql, quantity=quantity, part=part, norm=norm).df()
    return found.pivot(index="batch_size", columns="seed", values="value").to_numpy()


def test_every_cell_can_be_computed_again(opened):
    """Bit for bit, times apart."""
    sql = "SELECT min(cell_id) FROM cells WHERE batch_size <> 8 GROUP BY study"
    cells = [cell for (cell,) in opened.query(sql).fetchall()]
    assert len(cells) == 3
    assert all(verdict.agrees and not verdict.inexact for verdict in verify(cells, store=opened.path))


def test_l9_the_identity_is_recovered_to_float_precision(opened):
    found = opened.lecture_09_batch_norm().df()
    assert len(found) == 2 * 3
    assert (found["identity_error"] > 0).all()
    assert (found["identity_error"] < 8 * EPS32).all()


def test_l9_gamma_and_beta_are_learned_in_every_layer(opened):
    sql = "SELECT quantity, part, position, seed, activation, value FROM quantities WHERE study = 'batch_norm_layer'"
    found = opened.query(sql).df()
    first, last = found[found["position"] == 0], found[found["position"] == 100]
    for name, start in (("gamma", 1.0), ("beta", 0.0)):
        for statistic in ("mean", "median", "low", "high"):
            assert (first[first["quantity"] == f"{name}_{statistic}"]["value"] == start).all()
        spread = last[last["quantity"] == f"{name}_std"]["value"]
        assert len(spread) == 2 * SEEDS * 3
        assert (spread > 1e-3).all()
    ordered = last.pivot(index=["part", "seed", "activation"], columns="quantity", values="value")
    assert (ordered["gamma_low"] < ordered["gamma_median"]).all()
    assert (ordered["gamma_median"] < ordered["gamma_high"]).all()


def test_l14_in_small_batches_batch_norm_narrows_the_gap_in_every_seed(opened):
    found = opened.lecture_14_regularization().df().set_index("batch_size")
    assert (found.loc[[8, 32], "seeds_that_save"] == found.loc[[8, 32], "seeds"]).all()
    assert (found.loc[[8, 32], "saved"] > 0.04).all()
    assert (found.loc[8, "saved"] - found.loc[8, "saved_margin"]) > 0


def test_l14_the_query_is_plain_arithmetic(opened):
    found = opened.lecture_14_regularization().df().set_index("batch_size")
    saved = series(opened, "loss_gap", norm="none") - series(opened, "loss_gap")
    # The 97.5 % quantile of Student's t with four degrees of freedom.
    margins = 2.776 * saved.std(1, ddof=1) / 5**0.5
    np.testing.assert_allclose(found["saved"], saved.mean(1))
    np.testing.assert_allclose(found["saved_margin"], margins)
    assert (found["seeds"] == 5).all()
    assert (found["left_out"] == 0).all()


def test_l14_with_batch_norm_the_gap_grows_with_the_batch_and_without_it_does_not(opened):
    with_norm, without = series(opened, "loss_gap"), series(opened, "loss_gap", norm="none")
    assert (with_norm[2] - with_norm[0] > 0.015).all()
    assert (without[2] - without[0]).mean() < 0


def test_l15_folding_changes_nothing_beyond_rounding(opened):
    found = opened.lecture_15_folding().df()
    assert len(found) == 2 * 2 + 1
    # A relative rounding error for each of the products and sums of six layers.
    assert (found["difference"] < 6 * 8 * EPS32).all()
    times = found[["unfolded_ms", "folded_ms", "without_ms", "folded_to_without", "unfolded_to_without"]]
    assert (times.to_numpy() > 0).all()


def test_l16_small_batches_cost_accuracy_in_the_wrong_mode(opened):
    found = opened.lecture_16_train_and_test().df().set_index("batch_size")
    right, wrong = (
        series(opened, "mode_accuracy", "running statistics"),
        series(opened, "mode_accuracy", "batch statistics"),
    )
    assert ((right - wrong)[0] > 0.03).all()
    assert found["cost"].is_monotonic_decreasing
    assert abs(found.loc[128, "cost"]) < 0.03


def test_l16_batches_of_one_class_ruin_it(opened):
    mixed, one_class = (series(opened, "mode_accuracy", f"batch statistics{kind}") for kind in ("", ", sorted"))
    assert (one_class[0] < 0.3).all()
    assert (mixed[0] - one_class[0] > 0.4).all()


def test_l16_a_batchs_mean_is_as_far_from_the_running_one_as_sampling_makes_it(opened):
    distance = series(opened, "mean_distance", "layer 1")
    # Variance 1/B of a batch's mean, and m/(2 − m) of that for the running one, which is a mean over past batches.
    predicted = np.sqrt((1 + 0.1 / 1.9) / np.array([8, 32]))
    np.testing.assert_allclose(distance[:2].mean(1), predicted, rtol=0.2)


def test_the_identity_error_finds_a_wrong_normalization():
    """Mutation: a batch norm that divides by the unbiased standard deviation."""
    import torch

    from engine.normalizations.batch import Batch

    class Unbiased(Batch):
        def forward(self, z, scale, running):
            y, saved = Batch.forward(self, z, None, None)
            return y * (1 - 1 / z.shape[1]) ** 0.5 * scale.gamma + scale.beta, saved

    z = torch.randn(2, 32, 8, generator=torch.Generator().manual_seed(0)) + 3
    assert (identity_error(Batch(), z) < 8 * EPS32).all()
    assert (identity_error(Unbiased(), z) > 1e-3).all()
