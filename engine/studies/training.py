"""Training of many classifiers at once along the config axis, each with its own weights, rate and minibatches.

One step is: forward, loss, hand-written backward, update. Nothing is read back to the host inside the loop: curves and
divergence are kept on the device and copied once at the end.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from engine import randomness
from engine.card import Card
from engine.data.base import prepared
from engine.grid.cell import TrainingCell
from engine.loss import Loss, cross_entropy
from engine.networks.parameters import initialize
from engine.studies.base import Cost, Outcome, Progress, Study
from engine.studies.curves import Curves, logged_steps

FLOAT_BYTES = 4
# Copies of the parameters that live at once beside optimizer state: value, gradient, and the clone behind update_ratio.
PARAMETER_COPIES = 3
# Tensors of a layer's size per layer: inputs, pre, act, the norm's memory.
TAPE_TENSORS = 4
# Test examples are evaluated in pieces of this many, so that they need no more memory than a training step.
EVALUATION_ROWS = 512


class Training(Study[TrainingCell]):
    """Training curves of classifiers."""

    name = "training"
    card = Card(
        "Training",
        "minibatch gradient descent on softmax cross-entropy; evaluation on the whole test split",
        "CS231n 2021, lecture 7",
        notes="Minibatches are consecutive pieces of endless reshuffling, their order a function of data set and seed.",
    )

    def group_key(self, cell: TrainingCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[TrainingCell]) -> Cost:
        first = cells[0]
        dims = [*first.dims, first.dataset.classes]
        parameters = sum(a * b for a, b in itertools.pairwise(dims))
        evaluated = first.dataset.test_size * len(logged_steps(first.steps))
        products = 3 * first.batch_size * (first.steps + 1) + evaluated
        rows = max(first.batch_size * TAPE_TENSORS * len(dims), EVALUATION_ROWS * 4)
        memory = (PARAMETER_COPIES + first.optimizer.slots) * parameters + rows * max(dims)
        return Cost(2.0 * len(cells) * parameters * products, FLOAT_BYTES * len(cells) * memory)

    def run(self, cells: Sequence[TrainingCell], device: torch.device, progress: Progress) -> Outcome:
        trainer = Trainer(cells, device)
        curves = trainer.train(progress)
        diverged_at = curves.diverged_at.cpu().tolist()
        table = pa.table(curves.rows([cell.cell_id for cell in cells]))
        diverged = [step >= 0 for step in diverged_at]
        return Outcome({"curves": table}, diverged, [step if step >= 0 else None for step in diverged_at])


class Trainer:
    """The state of a batch of classifiers in training.

    Args:
        cells: one configuration each; all of the same shape.
        device: where.
    """

    def __init__(self, cells: Sequence[TrainingCell], device: torch.device):
        self.cells, self.device, self.first = cells, device, cells[0]
        self.network, self.optimizer = self.first.network, self.first.optimizer
        split = prepared(self.first.dataset, self.first.preprocessing)
        self.train_x, self.train_y, self.test_x, self.test_y = (
            torch.from_numpy(array).to(device) for array in (split.train_x, split.train_y, split.test_x, split.test_y)
        )
        self.order = self._minibatch_order(len(split.train_x))
        self.model = initialize(cells, self.first.dataset.classes, device)
        self.state = [[torch.zeros_like(p) for _ in range(self.optimizer.slots)] for p in self.model.tensors()]
        self.lr = torch.tensor([cell.lr for cell in cells], device=device, dtype=torch.float32)[:, None, None]

    def _minibatch_order(self, size: int) -> Tensor:
        """Return the training examples in the order of use `[config, steps · batch]`."""
        length = self.first.steps * self.first.batch_size
        seeds = [cell.seed for cell in self.cells]
        orders = {
            seed: randomness.permutations(("minibatches", self.first.dataset.name, seed), size, length)
            for seed in set(seeds)
        }
        return torch.from_numpy(np.stack([orders[seed] for seed in seeds])).to(self.device)

    def train(self, progress: Progress) -> Curves:
        """Make every step and return the curves."""
        steps = self.first.steps
        curves = Curves(len(self.cells), logged_steps(steps), self.device)
        curves.log_test(0, self.evaluate())
        for step in range(steps):
            loss, gradients = self.gradients(step)
            curves.add_minibatch(step, loss)
            if step == 0 or step + 1 in curves.logged:
                curves.log_update(step, _norm(gradients), self._measured_update(gradients, step + 1))
            else:
                self.update(gradients, step + 1)
            if step + 1 in curves.logged:
                curves.log_test(step + 1, self.evaluate())
                progress((step + 1) / steps)
        return curves

    def minibatch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the inputs `[config, batch, feature]` and labels `[config, batch]` of a step."""
        size = self.first.batch_size
        index = self.order[:, step * size : (step + 1) * size]
        return self.train_x[index], self.train_y[index]

    def gradients(self, step: int) -> tuple[Loss, list[Tensor]]:
        """Return the loss on a step's minibatch, and the gradient of every trained tensor in the model's order."""
        x, y = self.minibatch(step)
        hidden, readout = self.model.hidden, self.model.readout
        tapes = self.network.forward(hidden, x)
        loss = cross_entropy(readout.forward(tapes[-1].act), y)
        assert loss.gradient is not None
        gradients = list(readout.gradients(tapes[-1].act, loss.gradient))[::-1]
        layers = self.network.backward(hidden, tapes, readout.backward(loss.gradient))
        for layer, tape, gradient in zip(reversed(hidden), reversed(tapes), layers, strict=True):
            if gradient.scale is not None:
                gradients += [gradient.scale.beta, gradient.scale.gamma]
            gradients += layer.affine.gradients(tape.inputs, gradient.affine)[::-1]
        return loss, gradients[::-1]

    def update(self, gradients: list[Tensor], step: int) -> None:
        """Change every trained tensor in place; step counts from 1."""
        for parameter, gradient, state in zip(self.model.tensors(), gradients, self.state, strict=True):
            self.optimizer.update(parameter, gradient, self.lr, state, step)

    def evaluate(self) -> Loss:
        """Return loss and accuracy on the test split, in evaluation mode."""
        parts = list(zip(self.test_x.split(EVALUATION_ROWS), self.test_y.split(EVALUATION_ROWS), strict=True))
        value = correct = torch.zeros((), device=self.device)
        for x, y in parts:
            loss = cross_entropy(self._logits(x[None]), y[None], with_gradient=False)
            share = len(x) / len(self.test_x)
            value, correct = value + share * loss.value, correct + share * loss.correct
        return Loss(value, correct, None)

    def _logits(self, x: Tensor) -> Tensor:
        return self.model.readout.forward(self.network.evaluate(self.model.hidden, x))

    def _measured_update(self, gradients: list[Tensor], step: int) -> Tensor:
        """Make an update and return its size relative to the weights `[config]`."""
        before = [affine.weight.clone() for affine in self.model.affines()]
        self.update(gradients, step)
        after = [affine.weight for affine in self.model.affines()]
        return _norm([new - old for new, old in zip(after, before, strict=True)]) / _norm(before)


def _norm(tensors: Sequence[Tensor]) -> Tensor:
    """Return the Euclidean norm over several tensors `[config]`."""
    squares = [tensor.flatten(1).square().sum(1) for tensor in tensors]
    return torch.stack(squares).sum(0).sqrt()
