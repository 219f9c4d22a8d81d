"""Softmax cross-entropy over the config axis."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from goldilocks.engine.axes import BATCH, UNIT


@dataclass
class Loss:
    """Loss of a batch, per configuration.

    Attributes:
        value: mean cross-entropy in nats `[config]`.
        correct: share of correct predictions `[config]`; NaN where the loss is not finite.
        gradient: at the logits `[config, batch, class]`, or None.
    """

    value: Tensor
    correct: Tensor
    gradient: Tensor | None


def cross_entropy(logits: Tensor, labels: Tensor, with_gradient: bool = True) -> Loss:
    """Return mean cross-entropy, accuracy and gradient.

    Args:
        logits: `[config, batch, class]`.
        labels: class of each example, `[config, batch]` or `[1, batch]`.
        with_gradient: whether the gradient at the logits is wanted.
    """
    labels = labels.expand(logits.shape[:2])
    hits = (logits.contiguous().argmax(UNIT) == labels).sum(BATCH) / logits.shape[BATCH]
    # A softmax over few classes is many times faster along a middle axis, with the long axis of examples last.
    classes, index = BATCH, labels[:, None]
    log_probability = torch.log_softmax(logits.mT.contiguous(), classes)
    value = -log_probability.gather(classes, index)[:, 0].mean(1)
    gradient = None
    if with_gradient:
        gradient = log_probability.exp_()
        gradient.scatter_add_(classes, index, torch.full_like(index, -1, dtype=gradient.dtype))
        gradient = gradient.div_(logits.shape[BATCH]).mT
    return Loss(value, torch.where(value.isfinite(), hits, torch.nan), gradient)


def weighted_sum(pieces: Iterable[tuple[Loss, float]]) -> Loss:
    """Return the sum of the losses of pieces of a data set, each times its weight; accuracies likewise.

    Args:
        pieces: loss of each piece `[config]`, without gradients, and its weight: its share of the examples for a mean.

    Raises:
        ValueError: there are no pieces.
    """
    value: Tensor | float = 0.0
    correct: Tensor | float = 0.0
    for loss, weight in pieces:
        value, correct = value + weight * loss.value, correct + weight * loss.correct
    if not (isinstance(value, Tensor) and isinstance(correct, Tensor)):
        raise ValueError("there are no pieces")
    return Loss(value, correct, None)
