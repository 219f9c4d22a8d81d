"""Training of many classifiers at once along the config axis, each with its own weights, rate and minibatches.

One step is: forward, loss, hand-written backward, update. Nothing is read back to the host inside the loop: curves and
divergence are kept on the device and copied once at the end.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine import randomness
from goldilocks.engine.cores import Progress
from goldilocks.engine.data.base import prepared
from goldilocks.engine.initial import calibrate, initialize
from goldilocks.engine.loss import Loss, cross_entropy
from goldilocks.engine.networks import Tape
from goldilocks.engine.networks.affine import Calibrating
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.chunking import evaluated_at_once, evaluation_examples
from goldilocks.engine.training.cuda_graph import Replay, shared_memory
from goldilocks.engine.training.curves import Curves, UpdateSize, logged_steps

# A chunk is cut to those that still train when at least this share of it has diverged.
RETIRED_SHARE = 0.25


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
        self.order, self.drawn = self._minibatch_order(len(split.train_x))
        self.model = initialize(cells, self.first.dataset.classes, device)
        self._calibrate()
        self.state = [[torch.zeros_like(p) for _ in range(self.optimizer.slots)] for p in self.model.tensors()]
        self.lr = torch.tensor([cell.lr for cell in cells], device=device, dtype=torch.float32)[:, None, None]

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
        """Make every step and return the curves."""
        steps = self.first.steps
        curves = Curves(len(self.cells), logged_steps(steps), self.device)
        curves.evaluated_before(self.evaluate())
        within, last = self._steps(curves)
        for step in range(steps):
            ends = step + 1 in curves.logged
            if step == 0:
                self._first_step(curves)
            else:
                (last if ends else within)(step)
            if not ends:
                continue
            progress((step + 1) / steps)
            if curves.diverged_share >= RETIRED_SHARE:
                self._keep(curves.retire())
                within, last = self._steps(curves)
            if not len(curves.active):
                break
        return curves

    def _steps(self, curves: Curves) -> tuple[Replay, Replay]:
        """Return the step within an interval between two logged ones, and the one that ends it."""
        memory = shared_memory(self.device)
        within, last = partial(self.step_within, curves), partial(self.step_at_end, curves)
        return Replay(within, self.device, memory), Replay(last, self.device, memory)

    def step_within(self, curves: Curves, made: Tensor) -> None:
        """Make an update within an interval between two logged steps.

        Args:
            curves: where the loss is noted.
            made: number of updates made before.
        """
        curves.accumulate(made, self.step(made))

    def step_at_end(self, curves: Curves, made: Tensor) -> None:
        """Make the update that ends an interval, measure it, and evaluate.

        Args:
            curves: where that is noted.
            made: number of updates made before.
        """
        size = UpdateSize()
        curves.accumulate(made, self.step(made, size))
        curves.close(made + 1, self.evaluate(), size)

    def _first_step(self, curves: Curves) -> None:
        size = UpdateSize()
        curves.open(self.step(0, size), size)
        if 1 in curves.logged:
            curves.close(1, self.evaluate(), size)

    def replay(self, take: Callable[[Tensor, Loss], None]) -> Replay:
        """Return the update as one launch; it holds until configurations are retired.

        Args:
            take: given a tensor with the number of updates made before, and the loss; does nothing but change tensors
                in place.
        """
        return Replay(lambda made: take(made, self.step(made)), self.device)

    def _keep(self, configs: Tensor) -> None:
        """Go on with some of the configurations only."""
        self.model = self.model.select(configs)
        self.state = [[slot[configs] for slot in slots] for slots in self.state]
        self.drawn, self.lr = self.drawn[configs], self.lr[configs]

    def minibatch(self, step: int | Tensor) -> tuple[Tensor, Tensor]:
        """Return the inputs `[config, batch, feature]` and labels `[config, batch]` of a step."""
        size = self.first.batch_size
        index = self.order.index_select(1, torch.arange(size, device=self.device) + step * size)[self.drawn]
        return self.train_x[index], self.train_y[index]

    def step(self, step: int | Tensor, size: UpdateSize | None = None) -> Loss:
        """Make update number step + 1 and return the loss it was made from.

        Args:
            step: number of updates made before, or a tensor that holds it.
            size: where to note how large the update is, if anyone asks.
        """
        loss, gradients = self.gradients(step)
        weights = {id(affine.weight) for affine in self.model.affines()}
        trained = list(zip(self.model.tensors(), self.state, strict=True))
        # Each tensor changes as soon as its gradient is there, while both are in the cache.
        for (parameter, state), gradient in zip(reversed(trained), gradients, strict=True):
            if size is not None:
                size.note(gradient, parameter if id(parameter) in weights else None)
            self.optimizer.update(parameter, gradient, self.lr, state, step + 1)
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
        """Return loss and accuracy on the test split, in evaluation mode."""
        at_once = evaluated_at_once(self.first, self.device)
        starts = range(0, len(self.lr), at_once)
        models = [self.model.select(slice(start, start + at_once)) for start in starts]
        losses = [self._evaluate(model) for model in models]
        return Loss(torch.cat([loss.value for loss in losses]), torch.cat([loss.correct for loss in losses]), None)

    def _evaluate(self, model: Classifier) -> Loss:
        size = evaluation_examples(self.first)
        value = correct = torch.zeros((), device=self.device)
        for x, y in zip(self.test_x.split(size), self.test_y.split(size), strict=True):
            logits = model.readout.forward(self.network.evaluate(model.hidden, x[None]))
            loss = cross_entropy(logits, y[None], with_gradient=False)
            share = len(x) / len(self.test_x)
            value, correct = value + share * loss.value, correct + share * loss.correct
        return Loss(value, correct, None)
