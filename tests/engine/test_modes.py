"""Evaluation in the right and in the wrong mode against `torch.nn`, one configuration at a time."""

import copy

import pytest
import torch
from torch import nn

from engine.studies.modes import Evaluation, distances, whole
from engine.studies.training import Trainer, TrainingCell
from tests.oracles import plain

STEPS, BATCH = 20, 16
CELLS = [
    TrainingCell(
        dataset="digits", init="kaiming", activation="relu", norm="batch", width=16, depth=2, batch_size=BATCH,
        steps=STEPS, lr=lr, seed=seed,
    )
    for lr, seed in ((0.05, 0), (0.1, 1))
]  # fmt: skip


@pytest.fixture(scope="module")
def both():
    """A trained batch of classifiers, and the same ones in plain PyTorch."""
    trainer = Trainer(CELLS, torch.device("cpu"))
    for step in range(STEPS):
        trainer.step(step)
    return trainer, [plain.train(cell, STEPS).model for cell in CELLS]


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


def test_batch_statistics_and_their_distance(both):
    trainer, models = both
    x = trainer.train_x[:BATCH]
    found = Evaluation(trainer.network, trainer.model).batch_statistics(x)
    for c, model in enumerate(models):
        h = x.double()
        for number, block in enumerate(list(model)[:-1]):
            z = block[0](h) - block[0].bias
            h = copy.deepcopy(block).train()(h)
            mean, variance = z.mean(0), z.var(0)
            torch.testing.assert_close(found[number].mean[c, 0].double(), mean.detach(), rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(found[number].variance[c, 0].double(), variance.detach(), rtol=1e-4, atol=1e-4)
            running = trainer.model.hidden[number].running
            of_mean, of_std = distances(running, found[number])
            sigma = block[1].running_var.sqrt()
            shift = (mean + block[0].bias - block[1].running_mean) / sigma
            assert float(of_mean[c]) == pytest.approx(float(shift.square().mean().sqrt()), rel=1e-3)
            stretch = variance.sqrt() / sigma - 1
            assert float(of_std[c]) == pytest.approx(float(stretch.square().mean().sqrt()), rel=1e-3)


def test_only_whole_batches_are_taken():
    x = torch.arange(10)
    assert [len(a) for a, _ in whole(x, x, 4)] == [4, 4]
    assert [len(a) for a, _ in whole(x, x, 40)] == [10]
