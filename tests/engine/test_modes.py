"""Evaluation in the right and in the wrong mode against `torch.nn`, one configuration at a time."""

import copy

import pytest
import torch
from torch import nn

from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.evaluation import Evaluation, distances, whole
from goldilocks.engine.training.trainer import Trainer
from tests.device import DEVICE
from tests.oracles import plain

STEPS, BATCH = 20, 16


def cells(network):
    shape = {"dataset": "digits", "network": network, "width": 8, "depth": 3, "batch_size": BATCH, "steps": STEPS}
    scheme = {"init": "kaiming", "activation": "relu", "norm": "batch"}
    return [TrainingCell(**shape, **scheme, lr=lr, seed=seed) for lr, seed in ((0.05, 0), (0.1, 1))]


class Model(nn.Module):
    """A plainly trained classifier."""

    def __init__(self, trained):
        super().__init__()
        self.hidden, self.readout = trained.hidden, trained.readout

    def forward(self, x):
        return self.readout(plain.flat(self.hidden(x)))


@pytest.fixture(scope="module", params=["mlp", "conv(strided=1, dense=1)"])
def both(request):
    """A trained batch of classifiers, and the same ones in plain PyTorch."""
    batch = cells(request.param)
    trainer = Trainer(batch, DEVICE)
    for step in range(STEPS):
        trainer.step(step)
    return trainer, [Model(plain.train(cell, STEPS)).to(DEVICE) for cell in batch]


def accuracy(model, x, y, size):
    hits = [(model(a.double()).argmax(1) == b).double().mean() for a, b in whole(x, y, size)]
    return float(torch.stack(hits).mean())


@pytest.mark.parametrize("size", [2, 16, 100, 1000])
def test_batch_statistics_are_pytorchs_training_mode(both, size):
    trainer, models = both
    x, y = trainer.test_x, trainer.test_y
    found = Evaluation(trainer.network, trainer.model).with_batch(x, y, size)
    for c, model in enumerate(models):
        truth = accuracy(copy.deepcopy(model).train(), x, y, size)
        assert float(found.correct[c]) == pytest.approx(truth, abs=0.004)


def test_running_statistics_are_pytorchs_evaluation_mode(both):
    trainer, models = both
    x, y = trainer.test_x, trainer.test_y
    found = Evaluation(trainer.network, trainer.model).with_running(x, y)
    for c, model in enumerate(models):
        loss = nn.functional.cross_entropy(model.eval()(x.double()), y)
        assert float(found.value[c]) == pytest.approx(loss.item(), rel=1e-4)


def test_examples_that_pass_in_training_mode_spoil_a_copy_only(both):
    trainer, models = both
    order = trainer.test_y.argsort(stable=True)
    x, y = trainer.test_x[order], trainer.test_y[order]
    evaluation = Evaluation(trainer.network, trainer.model)
    before = evaluation.with_running(x, y).value
    spoilt = evaluation.after(x, BATCH).with_running(x, y)
    assert torch.equal(evaluation.with_running(x, y).value, before)
    for c, model in enumerate(models):
        careless = copy.deepcopy(model).train()
        for part, _ in whole(x, y, BATCH):
            careless(part.double())
        loss = nn.functional.cross_entropy(careless.eval()(x.double()), y)
        assert float(spoilt.value[c]) == pytest.approx(loss.item(), rel=1e-4)
        assert abs(float(before[c]) - loss.item()) > 1e-3


def norm_inputs(hidden, x):
    """Return what enters each normalization `[batch · position, unit]`."""
    found = []
    for layer in hidden.layers:
        layer.norm.register_forward_pre_hook(lambda module, arguments: found.append(plain.rows(arguments[0])))
    hidden(x)
    return found


@torch.no_grad()
def test_batch_statistics_and_their_distance(both):
    trainer, models = both
    x = trainer.train_x[:BATCH]
    found = Evaluation(trainer.network, trainer.model).batch_statistics(x)
    for c, model in enumerate(models):
        inputs = norm_inputs(copy.deepcopy(model).train().hidden, x.double())
        for layer, z, batch, ours in zip(model.hidden.layers, inputs, found, trainer.model.hidden, strict=True):
            # The engine has no bias before a batch norm.
            mean, variance = z.mean(0) - layer.affine.bias, z.var(0)
            torch.testing.assert_close(batch.mean[c, 0].double(), mean, rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(batch.variance[c, 0].double(), variance, rtol=1e-4, atol=1e-4)
            of_mean, of_std = distances(ours.running, batch)
            sigma = layer.norm.running_var.sqrt()
            shift = (z.mean(0) - layer.norm.running_mean) / sigma
            assert float(of_mean[c]) == pytest.approx(float(shift.square().mean().sqrt()), rel=1e-3)
            stretch = variance.sqrt() / sigma - 1
            assert float(of_std[c]) == pytest.approx(float(stretch.square().mean().sqrt()), rel=1e-3)


def test_only_whole_batches_are_taken():
    x = torch.arange(10)
    assert [len(a) for a, _ in whole(x, x, 4)] == [4, 4]
    assert [len(a) for a, _ in whole(x, x, 40)] == [10]
