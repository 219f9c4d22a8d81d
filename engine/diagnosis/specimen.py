"""What lies under the instrument: how to make the network, a batch, and a loss."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from goldilocks.engine.diagnosis.operations import tensors_in


@dataclass(frozen=True)
class Specimen:
    """A network of the user's own, with what it takes to send a batch through it and back.

    Attributes:
        make: takes nothing and returns a new network; what it draws comes from PyTorch's global generator.
        args: positional arguments of the network's forward pass: tensors, or structures of them.
        kwargs: keyword arguments.
        target: what the loss compares with: integers for classes, numbers otherwise; None for drawn ones.
        classes: number of classes; None where the network is not a classifier.
        loss: takes what the network returns and the target, and returns a scalar; None for cross-entropy where there
            are classes, the network's own loss where it returns one, and else the mean of the outputs weighted by ±1.
        training: whether norms work as in the first step of training; dropout does nothing in either mode.
    """

    make: Callable[[], nn.Module]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    target: Any = None
    classes: int | None = None
    loss: Callable[[Any, Any], Tensor] | None = None
    training: bool = True

    @property
    def given(self) -> Iterator[tuple[Tensor, bool]]:
        """The tensors of the batch, each with whether it is a signal.

        What no network makes anything of but by choosing, such as token ids and masks, is none, nor is a sparse matrix:
        it says who is whose neighbor.
        """
        for keyword, value in (*((None, value) for value in self.args), *self.kwargs.items()):
            for tensor in tensors_in(value):
                dense = tensor.layout is torch.strided
                yield tensor, dense and tensor.is_floating_point() and "mask" not in (keyword or "")
