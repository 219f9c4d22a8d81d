"""Training the upper layers of many networks, each at its own rate, on top of lower layers that stay as they are."""

from collections.abc import Sequence

import torch
from torch import Tensor

from goldilocks.engine.axes import BATCH
from goldilocks.engine.loss import Loss, cross_entropy, weighted_sum
from goldilocks.engine.networks import HiddenLayer, Network
from goldilocks.engine.networks.affine import BatchedAffine
from goldilocks.engine.networks.base import trained_tensors
from goldilocks.engine.optimizers import Optimizer

Layers = Sequence[HiddenLayer[BatchedAffine]]
# Rows of an activation that are computed at once.
ROWS = 1 << 14


def features(network: Network, layers: Layers, x: Tensor) -> Tensor:
    """Return what frozen layers make of examples, in evaluation mode.

    Args:
        network: how the layers are connected.
        layers: the lowest layers; none of them means the examples themselves.
        x: `[1, example, feature]`.

    Returns:
        `[config, example, feature]`, the positions of an image one after the other.
    """
    if not layers:
        return x
    parts = [network.evaluate(layers, part) for part in x.split(_examples(layers), BATCH)]
    rows = positions(layers)
    return torch.cat([part.reshape(len(part), part.shape[BATCH] // rows, -1) for part in parts], BATCH)


def positions(layers: Layers) -> int:
    """Return how many rows an example has in the output of some layers; those of one's input are one."""
    return layers[-1].affine.connection.positions if layers else 1


def _examples(layers: Layers) -> int:
    return max(1, ROWS // max((layer.affine.connection.positions for layer in layers), default=1))


class HeadTrainer:
    """The trained layers of a batch of networks.

    Args:
        network: how the layers are connected: one after the other.
        layers: the hidden layers that are trained; may be none.
        readout: the affine map to the classes.
        rows: rows of an example in what enters the first of them.
        optimizer: the update rule.
        rates: learning rate of each layer, the read-out last `[layer, config]`.
    """

    def __init__(
        self, network: Network, layers: Layers, readout: BatchedAffine, rows: int, optimizer: Optimizer, rates: Tensor
    ):
        self.network, self.layers, self.readout, self.rows = network, layers, readout, rows
        self.optimizer, self.rates = optimizer, rates[..., None, None]
        self.groups = [*(trained_tensors(layer) for layer in layers), readout.tensors()]
        self.state = [[[torch.zeros_like(t) for _ in range(optimizer.slots)] for t in group] for group in self.groups]

    def step(self, x: Tensor, y: Tensor, number: int | Tensor) -> Loss:
        """Make one update and return the loss it was made from.

        Args:
            x: what enters the first trained layer `[config, batch, feature]`.
            y: classes `[config, batch]`.
            number: number of this update, from 1, or a tensor that holds it.
        """
        h = self._laid_out(x)
        tapes = self.network.forward(self.layers, h, keep_pre=False) if self.layers else []
        last = tapes[-1].act if tapes else h
        loss = cross_entropy(self.readout.forward(last), y)
        assert loss.gradient is not None
        below = self.readout.backward(loss.gradient) if tapes else loss.gradient
        self._update(-1, self.readout.gradients(last, loss.gradient), number)
        back = self.network.backward(self.layers, tapes, below) if tapes else ()
        for place, gradient in zip(reversed(range(len(tapes))), back, strict=True):
            self._update(place, gradient.tensors(self.layers[place].affine, tapes[place]), number)
        return loss

    def _update(self, place: int, gradients: Sequence[Tensor], number: int | Tensor) -> None:
        for tensor, state, gradient in zip(self.groups[place], self.state[place], gradients, strict=True):
            self.optimizer.update(tensor, gradient, self.rates[place], state, number)

    def evaluate(self, x: Tensor, y: Tensor) -> Loss:
        """Return loss and accuracy in evaluation mode.

        Args:
            x: what enters the first trained layer `[config or 1, example, feature]`.
            y: classes `[example]`.
        """
        size = _examples(self.layers)
        pieces = zip(x.split(size, BATCH), y.split(size), strict=True)
        return weighted_sum((self._loss(part, labels), len(labels) / len(y)) for part, labels in pieces)

    def _loss(self, x: Tensor, y: Tensor) -> Loss:
        h = self._laid_out(x)
        logits = self.readout.forward(self.network.evaluate(self.layers, h) if self.layers else h)
        return cross_entropy(logits, y[None], with_gradient=False)

    def _laid_out(self, x: Tensor) -> Tensor:
        """Return examples with one row per position."""
        return x.reshape(len(x), x.shape[BATCH] * self.rows, -1)
