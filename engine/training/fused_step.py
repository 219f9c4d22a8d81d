"""An update of a multilayer perceptron in three kernels per layer: forward, backward, and gradient with update.

It is what `Trainer.step` does otherwise, up to rounding; `engine.training.fused_choice` says when it is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from goldilocks.engine.axes import BATCH
from goldilocks.engine.kernels.choice import Fused
from goldilocks.engine.loss import Loss, cross_entropy
from goldilocks.engine.networks.affine import BatchedAffine
from goldilocks.engine.networks.base import HiddenLayer
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.normalizations.batch import BatchNorm
from goldilocks.engine.optimizers import Optimizer
from goldilocks.engine.optimizers.adam import Adam, filled
from goldilocks.engine.optimizers.momentum import Momentum
from goldilocks.engine.training.update_size import UpdateSize


@dataclass(frozen=True)
class FusedStep:
    """Updates a classifier.

    Attributes:
        kernels: what computes.
        optimizer: the update rule.
    """

    kernels: Fused
    optimizer: Optimizer

    def __call__(
        self,
        model: Classifier,
        state: Sequence[list[Tensor]],
        lr: Tensor,
        minibatch: tuple[Tensor, Tensor],
        made: int | Tensor,
        size: UpdateSize | None,
    ) -> Loss:
        """Make an update and return the loss it was made from, `[config]`.

        Args:
            model: the classifiers, changed.
            state: what the optimizer keeps of each of `model.tensors()`, changed.
            lr: learning rates `[config, 1, 1]`.
            minibatch: inputs `[config, batch, feature]` and labels `[config, batch]`.
            made: number of updates made before, or a tensor that holds it.
            size: where to note how large the update is, if anyone asks.
        """
        layers = [self._layer(hidden) for hidden in model.hidden]
        inputs, labels = minibatch
        kept, h = [], inputs
        for layer in layers:
            kept.append(self.kernels.layer.forward(h, layer))
            h = kept[-1].act
        loss = cross_entropy(model.readout.forward(h), labels)
        assert loss.gradient is not None
        kept_of = {id(parameter): slots for parameter, slots in zip(model.tensors(), state, strict=True)}
        change = _Change(self.kernels, self._rule(lr, made), kept_of, size)
        at, vectors, above = loss.gradient, [loss.gradient.sum(BATCH, keepdim=True)], model.readout
        below = [inputs, *(layer.act for layer in kept)]
        for depth in range(len(layers) - 1, -1, -1):
            # The way back needs the weights above as they were.
            gradient = self.kernels.layer.backward(at, above.weight, kept[depth], layers[depth])
            change.affine(above, below[depth + 1], at)
            change.vectors(_vectors(model, depth + 1), vectors)
            at, vectors, above = gradient.affine, gradient.vectors, model.hidden[depth].affine
        change.affine(above, inputs, at)
        change.vectors(_vectors(model, 0), vectors)
        return loss

    def _layer(self, hidden: HiddenLayer[BatchedAffine]) -> Any:
        kernels, norm, affine, activation = self.kernels.layer, None, hidden.affine, hidden.activation
        if isinstance(hidden.norm, BatchNorm) and hidden.scale is not None:
            running = None if hidden.running is None else (hidden.running.mean, hidden.running.variance)
            scale = hidden.scale
            norm = kernels.BatchNorm(scale.gamma, scale.beta, running, hidden.norm.eps, hidden.norm.momentum)
        name = kernels.PHIS[activation.name].parameter
        parameter = getattr(activation, name) if name else 0.0
        return kernels.Layer(affine.weight, affine.bias, norm, activation.name, parameter)

    def _rule(self, lr: Tensor, made: int | Tensor) -> Any:
        betas, eps, corrections = (0.0, 0.0), 0.0, lr
        if isinstance(self.optimizer, Momentum):
            betas = (self.optimizer.beta, 0.0)
        elif isinstance(self.optimizer, Adam):
            betas, eps = (self.optimizer.beta1, self.optimizer.beta2), self.optimizer.eps
            corrections = torch.stack([torch.as_tensor(filled(beta, made + 1), device=lr.device) for beta in betas])
        return self.kernels.update.Rule(self.optimizer.name, lr, betas, eps, corrections.to(lr.dtype))


def _vectors(model: Classifier, layer: int) -> list[Tensor]:
    """Return what is trained beside the weights in the affine map of a number from 0, the read-out being the last."""
    if layer == len(model.hidden):
        return model.readout.tensors()[1:]
    hidden = model.hidden[layer]
    return [*hidden.affine.tensors()[1:], *(hidden.scale.tensors() if hidden.scale else [])]


@dataclass(frozen=True)
class _Change:
    """Changes parameters, and notes how large the changes are."""

    kernels: Fused
    rule: Any
    state: dict[int, list[Tensor]]
    size: UpdateSize | None

    def affine(self, affine: BatchedAffine, h: Tensor, dz: Tensor) -> None:
        kept = self.state[id(affine.weight)]
        norms = self.kernels.update.weight(affine.weight, kept, h, dz, self.rule, self.size is not None)
        if self.size is not None:
            self.size.take(norms.gradient, norms.before, norms.change)

    def vectors(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            kept = self.state[id(parameter)]
            norms = self.kernels.update.vector(parameter, kept, gradient, self.rule, self.size is not None)
            if self.size is not None:
                self.size.take(norms.gradient)
