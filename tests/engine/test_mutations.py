"""Each family of checks catches the slip it is there for: the product is broken on purpose, and the check must fail."""

import pytest
import torch

from goldilocks.engine.initializers import Fans
from goldilocks.engine.initializers.kaiming import Kaiming
from goldilocks.engine.initializers.xavier import Xavier
from goldilocks.engine.networks.mlp import Mlp
from goldilocks.engine.normalizations.batch import BatchNorm
from goldilocks.engine.optimizers.sgd import Sgd
from goldilocks.engine.predictions import bands, feedforward
from tests.engine import test_initializers, test_spheres, test_theory, test_training_oracle
from tests.engine.members import INITIALIZERS

SHAPE = (4096, 1024)
RIGHT_FORWARD, RIGHT_BACKWARD = BatchNorm.forward, BatchNorm.backward


def member(name):
    return next(init for init in INITIALIZERS if init.name == name)


def fails(check, *arguments):
    """Run a check of the suite and tell whether it fails."""
    try:
        check(*arguments)
    except AssertionError:
        return True
    return False


def classifiers():
    """Return a few classifiers with batch norm, as the oracle test trains them."""
    return test_training_oracle.batch("tanh", "batch", Sgd(), [member("xavier"), member("kaiming")])


@pytest.mark.essential("else a mutation would be noticed by a check that always fails")
def test_the_checks_pass_on_the_product():
    test_initializers.test_the_root_mean_square_is_the_literatures(member("kaiming"), SHAPE)
    test_initializers.test_the_root_mean_square_is_the_literatures(member("xavier"), SHAPE)
    test_training_oracle.compare(classifiers())
    test_training_oracle.test_running_statistics_equal_those_of_torch(Mlp())


@pytest.mark.parametrize("factor", [1.005, 0.995])
def test_a_gain_off_by_half_a_percent_is_caught(monkeypatch, factor):
    right = Kaiming.scale
    monkeypatch.setattr(Kaiming, "scale", lambda self, fans, activation: factor * right(self, fans, activation))
    assert fails(test_initializers.test_the_root_mean_square_is_the_literatures, member("kaiming"), SHAPE)


@pytest.mark.parametrize("scheme", [Kaiming, Xavier])
def test_swapped_fans_are_caught(monkeypatch, scheme):
    right = scheme.scale

    def swapped(self, fans, activation):
        return right(self, Fans(fans.fan_out, fans.fan_in), activation)

    monkeypatch.setattr(scheme, "scale", swapped)
    assert fails(test_initializers.test_the_root_mean_square_is_the_literatures, member(scheme.name), SHAPE)


def test_ddof_one_in_the_normalizer_is_caught(monkeypatch):
    def unbiased(self, z, scale, running):
        batch = z.shape[1]
        y, (centred, inverse_std) = RIGHT_FORWARD(self, z, scale, running)
        shrunk = (1 - 1 / batch) ** 0.5
        beta = 0.0 if scale is None or scale.beta is None else scale.beta
        return (y - beta) * shrunk + beta, (centred, inverse_std * shrunk)

    monkeypatch.setattr(BatchNorm, "forward", unbiased)
    assert fails(test_training_oracle.compare, classifiers())


@pytest.mark.parametrize("missing", ["mean of dy", "mean of dy·ẑ"])
def test_a_missing_mean_term_in_the_backward_pass_is_caught(monkeypatch, missing):
    def careless(self, dy, saved, scale):
        centred, inverse_std = saved
        gain = inverse_std if scale is None else inverse_std * scale.gamma
        normalized = centred * inverse_std
        lost = (
            dy.mean(1, keepdim=True)
            if missing == "mean of dy"
            else normalized * (dy * normalized).mean(1, keepdim=True)
        )
        lost = (lost * gain).clone()
        dz, dscale = RIGHT_BACKWARD(self, dy, saved, scale)
        return dz + lost, dscale

    monkeypatch.setattr(BatchNorm, "backward", careless)
    assert fails(test_training_oracle.compare, classifiers())


@pytest.mark.parametrize("slip", ["biased variance", "momentum the other way round"])
def test_the_wrong_running_variance_is_caught(monkeypatch, slip):
    def careless(self, z, scale, running):
        before = None if running is None else running.variance.clone()
        batch = z.shape[1]
        result = RIGHT_FORWARD(self, z, scale, running)
        if running is not None:
            seen = (running.variance - before) / self.momentum + before
            wrong = seen * (1 - 1 / batch) if slip == "biased variance" else seen
            share = self.momentum if slip == "biased variance" else 1 - self.momentum
            running.variance.copy_(torch.lerp(before, wrong, share))
        return result

    monkeypatch.setattr(BatchNorm, "forward", careless)
    assert fails(test_training_oracle.test_running_statistics_equal_those_of_torch, Mlp())


def test_a_theory_that_forgets_the_fans_is_caught(monkeypatch):
    """Fan-in for fan-out on the way back: square networks would never show it."""

    def careless(setting, factors):
        found = [0 * factors[-1] + 1]
        for layer in range(len(factors) - 1, 0, -1):
            found.append(found[-1] * factors[layer] * setting.weight_variance(layer))
        return found[::-1]

    monkeypatch.setattr(feedforward, "_gradients", careless)
    feedforward.predict.cache_clear()
    assert fails(test_theory.test_gradients_know_fan_in_from_fan_out)
    feedforward.predict.cache_clear()


def test_a_batch_norm_theory_for_large_batches_is_not_taken_for_a_finite_one():
    relu = test_theory.RELU
    wide = test_spheres.growth(relu, test_spheres.over_batch(test_spheres.WIDE))
    assert abs(wide / test_spheres.growth(relu, test_spheres.over_batch(16)) - 1) > 0.05


def test_bands_without_the_deviations_of_q_are_caught(monkeypatch):
    """A band made of each layer's own units alone would be too narrow for deep ReLU networks."""
    setting = test_theory.setting(test_theory.RELU, [0.1] * 12, [200] * 13)
    right = [layer.std_band for layer in feedforward.predict(setting)]
    monkeypatch.setattr(bands, "_carried", lambda setting, variances, known: [0.0] * len(known))
    monkeypatch.setattr(bands, "_proportional_until", lambda setting, variances, known, arriving: len(known))
    feedforward.predict.cache_clear()
    wrong = [layer.std_band for layer in feedforward.predict(setting)]
    feedforward.predict.cache_clear()
    assert right[-1] > 2 * wrong[-1]
