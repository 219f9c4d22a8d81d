"""A batch of classifiers trained together equals plain `torch.nn` training, one at a time, on the same weights."""

from dataclasses import fields, is_dataclass

import pytest
import torch

from engine.grid.cell import TrainingCell
from engine.optimizers.sgd import Sgd
from engine.studies.training import Trainer
from tests.engine.members import ACTIVATIONS, INITIALIZERS, NORMALIZATIONS, OPTIMIZERS
from tests.oracles import plain

STEPS, WIDTH, DEPTH, BATCH = 20, 16, 3, 32
# Beyond this loss a network is chaotic: rounding grows from step to step, and only the first step can be compared.
EXPLODED = 1e3


def to_float64(value):
    """Turn every float tensor inside a structure of lists and dataclasses into float64, in place."""
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    if isinstance(value, list):
        return [to_float64(item) for item in value]
    if is_dataclass(value):
        for field in fields(value):
            setattr(value, field.name, to_float64(getattr(value, field.name)))
    return value


def exact_trainer(cells):
    """Return a trainer whose arithmetic is float64, so that agreement is not blurred by rounding."""
    trainer = Trainer(cells, torch.device("cpu"))
    for name in ("train_x", "test_x", "model", "state"):
        setattr(trainer, name, to_float64(getattr(trainer, name)))
    trainer.lr = torch.tensor([cell.lr for cell in cells], dtype=torch.float64)[:, None, None]
    return trainer


def batch(activation, norm, optimizer, inits=INITIALIZERS):
    return [
        TrainingCell(
            dataset="digits",
            init=init,
            activation=activation,
            norm=norm,
            optimizer=optimizer,
            width=WIDTH,
            depth=DEPTH,
            batch_size=BATCH,
            steps=STEPS,
            lr=lr,
            seed=seed,
        )
        for number, init in enumerate(inits)
        for lr, seed in [((0.01, 0.05)[number % 2], number % 3)]
    ]


@pytest.mark.parametrize("norm", NORMALIZATIONS, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_training_every_initializer_equals_the_plain_loop(activation, norm):
    compare(batch(activation, norm, Sgd()))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_training_with_every_optimizer_equals_the_plain_loop(optimizer):
    # Where units are alike, or a bias precedes a batch norm, a gradient is pure rounding, and Adam makes a step of it.
    random = [init for init in INITIALIZERS if init.family != "ones" and init.name != "zeros"]
    compare(batch("tanh", "none", optimizer, random))


def compare(cells):
    trainer = exact_trainer(cells)
    losses, first_gradients = [], []
    for step in range(STEPS):
        loss, gradients = trainer.gradients(step)
        first_gradients = first_gradients or [gradient.clone() for gradient in gradients]
        trainer.update(gradients, step + 1)
        losses.append(loss.value)
    evaluation = trainer.evaluate()
    for c, cell in enumerate(cells):
        truth = plain.train(cell, STEPS)
        where = f"{cell.init} {cell.activation} {cell.norm} {cell.optimizer}"
        assert float(losses[0][c]) == pytest.approx(truth.losses[0], rel=1e-9), where
        close([gradient[c] for gradient in first_gradients], truth.first_gradients, where)
        if max(truth.losses) > EXPLODED or not torch.tensor(truth.losses).isfinite().all():
            continue
        torch.testing.assert_close([float(loss[c]) for loss in losses], truth.losses, rtol=1e-7, atol=1e-9, msg=where)
        close([tensor[c] for tensor in trainer.model.tensors()], truth.tensors(), where)
        assert float(evaluation.value[c]) == pytest.approx(truth.test_loss, rel=1e-6), where
        assert float(evaluation.correct[c]) == pytest.approx(truth.test_accuracy, abs=1e-6), where


def close(ours, theirs, where):
    for mine, true in zip(ours, theirs, strict=True):
        slack = 1e-9 + 1e-9 * float(true.abs().max())
        torch.testing.assert_close(mine.reshape(true.shape), true, rtol=1e-6, atol=slack, msg=where)


def test_running_statistics_equal_those_of_torch():
    cells = batch("relu", "batch", Sgd(), INITIALIZERS[:3])
    trainer = exact_trainer(cells)
    for step in range(STEPS):
        trainer.update(trainer.gradients(step)[1], step + 1)
    for c, cell in enumerate(cells):
        norms = [m for m in plain.train(cell, STEPS).model.modules() if isinstance(m, torch.nn.BatchNorm1d)]
        for layer, norm in zip(trainer.model.hidden, norms, strict=True):
            torch.testing.assert_close(layer.running.mean[c, 0], norm.running_mean, rtol=1e-6, atol=1e-9)
            torch.testing.assert_close(layer.running.variance[c, 0], norm.running_var, rtol=1e-6, atol=1e-9)


def test_a_missing_mean_term_in_the_backward_pass_is_caught(monkeypatch):
    """Mutation: batch norm's backward pass without its two mean terms."""
    from engine.normalizations.batch import Batch

    def careless(self, dy, saved, scale):
        _, dscale = right(self, dy, saved, scale)
        return dy * scale.gamma * saved[1], dscale

    right = Batch.backward
    monkeypatch.setattr(Batch, "backward", careless)
    with pytest.raises(AssertionError):
        compare(batch("tanh", "batch", Sgd(), INITIALIZERS[3:5]))
