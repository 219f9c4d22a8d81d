"""What a training loop trains."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from goldilocks.engine.loss import Loss
from goldilocks.engine.training.update_size import UpdateSize


class Learner(ABC):
    """Networks in training, side by side along the config axis.

    Attributes:
        steps: number of updates.
        configs: number of networks at the start.
        device: where they live.
        capturable: whether an update reads nothing back to the host, so that it can be captured and replayed.
    """

    capturable: ClassVar[bool] = True

    steps: int
    configs: int
    device: torch.device

    @abstractmethod
    def step(self, made: int | Tensor, size: UpdateSize | None = None) -> Loss:
        """Make an update and return the loss it was made from, `[config]`.

        Args:
            made: number of updates made before, or a tensor that holds it.
            size: where to note how large the update is, if anyone asks.
        """

    @abstractmethod
    def evaluate(self) -> Loss:
        """Return loss and accuracy on the test split, in evaluation mode, `[config]`."""

    def keep(self, configs: Tensor) -> None:
        """Go on with some of the networks only; called for logs that retire.

        Args:
            configs: their places among those still in training.
        """
        raise NotImplementedError(f"{type(self).__name__} must define keep")
