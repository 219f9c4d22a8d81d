"""Many classifiers in training at once along the config axis, each with its own weights, rate and minibatches.

One update is: forward, loss, hand-written backward, change. Nothing is read back to the host: curves and divergence are
kept on the device and copied once at the end. Where `fused_choice` says so, an update is made of fewer kernels.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine import randomness
from goldilocks.engine.cores import Progress
from goldilocks.engine.data.base import prepared
from goldilocks.engine.initial import calibrate, initialize
from goldilocks.engine.loss import Loss, cross_entropy, weighted_sum
from goldilocks.engine.networks import Tape
from goldilocks.engine.networks.affine import Calibrating
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import evaluated_at_once, evaluation_examples
from goldilocks.engine.training.curve_log import CurveLog
from goldilocks.engine.training.curves import Curves
from goldilocks.engine.training.fused_choice import fused_step
from goldilocks.engine.training.learner import Learner
from goldilocks.engine.training.loop import train
from goldilocks.engine.training.update_size import UpdateSize


class Trainer(Learner):
    """The state of a batch of classifiers in training.

    Args:
        cells: one configuration each; all of the same shape.
        device: where.
    """

    def __init__(self, cells: Sequence[TrainingCell], device: torch.device):
        self.cells, self.device, self.first = cells, device, cells[0]
        self.steps, self.configs = self.first.steps, len(cells)
        self.network, self.optimizer = self.first.network, self.first.optimizer
        split = prepared(self.first.dataset, self.first.preprocessing)
        self.train_x, self.train_y, self.test_x, self.test_y = (
            torch.from_numpy(array).to(device) for array in (split.train_x, split.train_y, split.test_x, split.test_y)
        )
        self.order, self.drawn = self._minibatch_order(len(split.train_x))
        self.model = initialize(cells, self.first.dataset.classes, device)
        self._calibrate()
        self.state = [[torch.zeros_like(p) for _ in range(self.optimizer.slots)] for p in self.model.tensors()]
        self.lr = torch.tensor([cell.lr for cell in cells], device=device, dtype=torch.float32)[:, None, None]
        self.fused = fused_step(self)

    def _calibrate(self) -> None:
        """Let the schemes that depend on data see the first minibatch."""
        chosen = [cell.init.data_dependent for cell in self.cells]
        if any(chosen):
            mask = torch.tensor(chosen, device=self.device)
            h = calibrate(self.network, self.model.hidden, self.minibatch(0)[0], mask)
            Calibrating(self.model.readout, mask[:, None, None]).forward(h)

    def _minibatch_order(self, size: int) -> tuple[Tensor, Tensor]:
        """Return the orders of the training examples `[order, steps · batch]`, and which each has `[config]`."""
        length = self.first.steps * self.first.batch_size
        places = {seed: place for place, seed in enumerate(dict.fromkeys(cell.seed for cell in self.cells))}
        identity = ("minibatches", self.first.dataset.name)
        orders = np.stack([randomness.permutations((*identity, seed), size, length) for seed in places])
        drawn = [places[cell.seed] for cell in self.cells]
        return torch.from_numpy(orders).to(self.device), torch.tensor(drawn, device=self.device)

    def train(self, progress: Progress) -> Curves:
        """Make every update and return the curves, with the size of updates at the logged steps."""
        log = CurveLog(self, sizes=True, retires=True)
        train(self, log, progress)
        return log.curves

    def keep(self, configs: Tensor) -> None:
        self.model = self.model.select(configs)
        self.state = [[slot[configs] for slot in slots] for slots in self.state]
        self.drawn, self.lr = self.drawn[configs], self.lr[configs]

    def minibatch(self, step: int | Tensor) -> tuple[Tensor, Tensor]:
        """Return the inputs `[config, batch, feature]` and labels `[config, batch]` of a step."""
        size = self.first.batch_size
        index = self.order.index_select(1, torch.arange(size, device=self.device) + step * size)[self.drawn]
        return self.train_x[index], self.train_y[index]

    def step(self, made: int | Tensor, size: UpdateSize | None = None) -> Loss:
        if self.fused is not None:
            return self.fused(self.model, self.state, self.lr, self.minibatch(made), made, size)
        loss, gradients = self.gradients(made)
        weights = {id(affine.weight) for affine in self.model.affines()}
        trained = list(zip(self.model.tensors(), self.state, strict=True))
        # Each tensor changes as soon as its gradient is there, while both are in the cache.
        for (parameter, state), gradient in zip(reversed(trained), gradients, strict=True):
            if size is not None:
                size.note(gradient, parameter if id(parameter) in weights else None)
            self.optimizer.update(parameter, gradient, self.lr, state, made + 1)
            if size is not None and id(parameter) in weights:
                size.note_change(parameter)
        return loss

    def gradients(self, step: int | Tensor) -> tuple[Loss, Iterator[Tensor]]:
        """Return the loss on a step's minibatch, and the gradient of every trained tensor, in reverse order.

        A tensor may be changed once its gradient is out.
        """
        x, y = self.minibatch(step)
        tapes = self.network.forward(self.model.hidden, x, keep_pre=False)
        loss = cross_entropy(self.model.readout.forward(tapes[-1].act), y)
        assert loss.gradient is not None
        return loss, self._backward(tapes, loss.gradient)

    def _backward(self, tapes: Sequence[Tape], at_logits: Tensor) -> Iterator[Tensor]:
        hidden, readout = self.model.hidden, self.model.readout
        below = readout.backward(at_logits)
        yield from reversed(readout.gradients(tapes[-1].act, at_logits))
        layers = self.network.backward(hidden, tapes, below)
        for layer, tape, gradient in zip(reversed(hidden), reversed(tapes), layers, strict=True):
            yield from reversed(gradient.tensors(layer.affine, tape))

    def evaluate(self) -> Loss:
        at_once = evaluated_at_once(self.first, self.device)
        starts = range(0, len(self.lr), at_once)
        models = [self.model.select(slice(start, start + at_once)) for start in starts]
        losses = [self._evaluate(model) for model in models]
        return Loss(torch.cat([loss.value for loss in losses]), torch.cat([loss.correct for loss in losses]), None)

    def _evaluate(self, model: Classifier) -> Loss:
        size = evaluation_examples(self.first)
        pieces = zip(self.test_x.split(size), self.test_y.split(size), strict=True)
        return weighted_sum((self._loss(model, x, y), len(x) / len(self.test_x)) for x, y in pieces)

    def _loss(self, model: Classifier, x: Tensor, y: Tensor) -> Loss:
        logits = model.readout.forward(self.network.evaluate(model.hidden, x[None]))
        return cross_entropy(logits, y[None], with_gradient=False)
