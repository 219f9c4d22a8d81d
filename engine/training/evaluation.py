"""A batch-normalized classifier in its two modes: with running statistics, with those of the batch, and mixed up."""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

from torch import Tensor

from goldilocks.engine.axes import UNIT
from goldilocks.engine.loss import Loss, cross_entropy, weighted_sum
from goldilocks.engine.networks import HiddenLayer, Network
from goldilocks.engine.networks.affine import BatchedAffine
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.normalizations.base import Running
from goldilocks.engine.training.chunking import EVALUATION_ROWS


@dataclass(frozen=True)
class Evaluation:
    """A classifier to be evaluated.

    Attributes:
        network: how its layers are connected.
        model: its parameters; never changed.
    """

    network: Network
    model: Classifier

    def with_running(self, x: Tensor, y: Tensor) -> Loss:
        """Evaluate in evaluation mode, as one should.

        Args:
            x: examples `[example, feature]`.
            y: their classes `[example]`.
        """
        pieces = zip(x.split(EVALUATION_ROWS), y.split(EVALUATION_ROWS), strict=True)
        hidden = self.model.hidden
        return _mean(
            (self._loss(self.network.evaluate(hidden, part[None]), labels), len(part)) for part, labels in pieces
        )

    def with_batch(self, x: Tensor, y: Tensor, size: int) -> Loss:
        """Evaluate in training mode, batch by batch; what is left over at the end is left out.

        Args:
            x: examples `[example, feature]`, in the order in which batches are made of them.
            y: their classes `[example]`.
            size: examples in a batch; all of them when there are fewer.
        """
        layers = [replace(layer, running=None) for layer in self.model.hidden]
        return _mean(
            (self._loss(self._train_mode(layers, part), labels), len(part)) for part, labels in whole(x, y, size)
        )

    def after(self, x: Tensor, size: int) -> "Evaluation":
        """Return the classifier that is left when examples have passed in training mode.

        Args:
            x: examples `[example, feature]`.
            size: examples in a batch.
        """
        hidden = [replace(layer, running=deepcopy(layer.running)) for layer in self.model.hidden]
        for part, _ in whole(x, x, size):
            self._train_mode(hidden, part)
        return Evaluation(self.network, replace(self.model, hidden=hidden))

    def batch_statistics(self, x: Tensor) -> list[Running]:
        """Return mean and unbiased variance of what enters each normalization, for one batch.

        Args:
            x: the batch `[example, feature]`, or one per configuration `[config, example, feature]`.
        """
        # With momentum 1 the running statistics are those of the latest batch.
        layers = [
            replace(layer, running=deepcopy(layer.running), norm=layer.norm.model_copy(update={"momentum": 1.0}))
            for layer in self.model.hidden
        ]
        self._train_mode(layers, x)
        return [layer.running for layer in layers if layer.running is not None]

    def _train_mode(self, layers: Sequence[HiddenLayer[BatchedAffine]], x: Tensor) -> Tensor:
        return self.network.forward(layers, x if x.ndim > UNIT else x[None], keep_pre=False)[-1].act

    def _loss(self, h: Tensor, y: Tensor) -> Loss:
        return cross_entropy(self.model.readout.forward(h), y[None], with_gradient=False)


def whole(x: Tensor, y: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches of exactly `size` examples, or all examples where there are fewer."""
    size = min(size, len(x))
    return ((a, b) for a, b in zip(x.split(size), y.split(size), strict=True) if len(a) == size)


def distances(running: Running, batch: Running) -> tuple[Tensor, Tensor]:
    """Return how far a batch's statistics are from the running ones, root mean square over the units.

    |E_batch − E_running| / σ_running and |σ_batch − σ_running| / σ_running

    Args:
        running: the running statistics of a layer.
        batch: those of one batch.

    Returns:
        Two tensors `[config]`.
    """
    mean = (batch.mean - running.mean).square() / running.variance
    std = ((batch.variance / running.variance).sqrt() - 1).square()
    return mean.flatten(1).mean(1).sqrt(), std.flatten(1).mean(1).sqrt()


def _mean(losses: Iterable[tuple[Loss, int]]) -> Loss:
    """Return the mean over the examples of pieces, given with their sizes."""
    pieces = list(losses)
    total, examples = weighted_sum(pieces), sum(size for _, size in pieces)
    return Loss(total.value / examples, total.correct / examples, None)
