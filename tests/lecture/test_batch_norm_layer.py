"""L9: γ and β are learned, and the identity can be recovered."""

import numpy as np
import torch

from goldilocks.engine.normalizations.batch import BatchNorm
from goldilocks.engine.studies.batch_norm_layer import identity_error

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
"""
SEEDS = 3
EPS32 = float(np.finfo(np.float32).eps)


def test_l9_the_identity_is_recovered_to_float_precision(lecture):
    found = lecture.lecture_09_batch_norm().df()
    assert len(found) == 2 * 3
    assert (found["identity_error"] > 0).all()
    assert (found["identity_error"] < 8 * EPS32).all()


def test_l9_gamma_and_beta_are_learned_in_every_layer(lecture):
    sql = "SELECT quantity, part, position, seed, activation, value FROM quantities WHERE study = 'batch_norm_layer'"
    found = lecture.query(sql).df()
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


def test_the_identity_error_finds_a_wrong_normalization():
    """Mutation: a batch norm that divides by the unbiased standard deviation."""

    class Unbiased(BatchNorm):
        def forward(self, z, scale, running):
            y, saved = BatchNorm.forward(self, z, None, None)
            return y * (1 - 1 / z.shape[1]) ** 0.5 * scale.gamma + scale.beta, saved

    z = torch.randn(2, 32, 8, generator=torch.Generator().manual_seed(0)) + 3
    assert (identity_error(BatchNorm(), z) < 8 * EPS32).all()
    assert (identity_error(Unbiased(), z) > 1e-3).all()
