"""Residual networks: how the variance of the stream grows with and without a remedy, and what theory says of it."""

import numpy as np
import pytest

from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.trainer import Trainer
from tests.breadth import each_member
from tests.device import DEVICE
from tests.engine.members import NETWORKS, NORMALIZATIONS
from tests.engine.signals import measure
from tests.pairs import in_rounds

SIZES = {"width": 256, "depth": 8, "batch_size": 16}
SEEDS = 8
RESIDUAL = [network for network in NETWORKS if network.name == "residual_mlp"]


def variances(network, norm, **sizes):
    """Return the mean variance of the stream behind each layer, and its relative standard error, over the seeds."""
    rows = measure(SEEDS, ["kaiming"], ["relu"], [norm], network=network, **SIZES | sizes)
    by_layer = (rows["rms"].astype(float) ** 2).groupby(rows.layer)
    mean = by_layer.mean().to_numpy()
    return mean, by_layer.std().to_numpy() / mean / SEEDS**0.5


def test_without_a_remedy_the_variance_doubles_per_block():
    found, error = variances("residual_mlp", "none")
    np.testing.assert_array_less(np.abs(found / 2.0 ** np.arange(1, 9) - 1), 4 * error + 0.01)


def test_with_batch_norm_it_grows_like_l_plus_1():
    found, error = variances("residual_mlp", "batch", batch_size=128)
    np.testing.assert_array_less(np.abs(found / np.arange(2, 10) - 1), 4 * error + 0.01)


def test_branches_scaled_by_depth_keep_it_bounded():
    found, error = variances("residual_mlp(branch='1/sqrt(depth)')", "none")
    np.testing.assert_array_less(np.abs(found / (2 * (1 + 1 / 8) ** np.arange(8)) - 1), 4 * error + 0.01)
    assert found[-1] / found[0] < np.e


def test_branches_that_start_at_zero_leave_the_stream_alone():
    found, _ = variances("residual_mlp(branch='zero')", "none")
    np.testing.assert_allclose(found, found[0], rtol=1e-6)


@pytest.mark.parametrize(("norm", "network"), each_member(in_rounds(NORMALIZATIONS, RESIDUAL)), ids=str)
def test_the_stream_is_what_theory_predicts(norm, network):
    inits, activations = ["kaiming", "torch_default", "critical"], ["relu", "tanh", "gelu"]
    activation = activations[NORMALIZATIONS.index(norm) % len(activations)]
    rows = measure(SEEDS, inits, [activation], [norm], network=network, **SIZES)
    for measured, theory in (("std", "theory_std"), ("grad_rms", "theory_grad_rms")):
        assert rows[theory].notna().all()
        ratio = (rows[measured] / rows[theory]).groupby([rows.init, rows.activation, rows.norm, rows.layer])
        # One number per cell and layer, eight seeds; finite width adds a bias of the order of 1/width per layer.
        slack = 4 * ratio.std() / SEEDS**0.5 + 2 * SIZES["depth"] / SIZES["width"]
        beyond = (ratio.mean() - 1).abs() > slack
        # All cells share their draws: a few beyond four standard errors of eight seeds are not independent events.
        assert not beyond.any(), (measured, ratio.mean()[beyond])


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_learned_branches_start_at_zero_and_open(norm):
    cell = TrainingCell(
        network="residual_mlp(branch='zero')", dataset="digits", init="kaiming", activation="relu", norm=norm,
        width=32, depth=6, batch_size=64, steps=60, lr=0.1,
    )  # fmt: skip
    trainer = Trainer([cell], DEVICE)
    factors = [layer.branch.factor for layer in trainer.model.hidden[1:]]
    assert all((factor == 0).all() for factor in factors)
    before = trainer.evaluate().value.item()
    for step in range(60):
        trainer.step(step)
    assert all((factor.abs() > 1e-3).all() for factor in factors)
    assert trainer.evaluate().value.item() < before / 2


def test_thirty_layers_train_with_skip_connections_where_they_do_not_without():
    """He et al. 2016: the same layers, at the scale that starves a plain network."""
    accuracy = {}
    for network in ("mlp", "residual_mlp(branch='1/sqrt(depth)')"):
        cell = TrainingCell(
            network=network, dataset="digits", init="xavier", activation="relu", width=32, depth=30, batch_size=64,
            steps=60, lr=0.1,
        )  # fmt: skip
        trainer = Trainer([cell], DEVICE)
        for step in range(60):
            trainer.step(step)
        accuracy[network] = trainer.evaluate().correct.item()
    plain, residual = accuracy.values()
    assert plain < 0.3
    assert residual > 0.8
