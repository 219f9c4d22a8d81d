"""How large an update is, and its gradient."""

import torch
from torch import Tensor

from goldilocks.engine.statistics import norm


class UpdateSize:
    """Size of one update, gathered from the tensors while they are changed one after the other.

    Attributes:
        gradient: norm of all gradients `[config]`, or None before the first.
        change: norm of the changes of the weights `[config]`, likewise.
        weight: norm of the weights before `[config]`, likewise.
    """

    gradient: Tensor | None = None
    change: Tensor | None = None
    weight: Tensor | None = None

    def note(self, gradient: Tensor, weight: Tensor | None) -> None:
        """Take in a gradient, and the weight matrix it is about to change, unless it changes another tensor.

        Args:
            gradient: `[config, …]`.
            weight: `[config, fan_in, fan_out]`, or None.
        """
        self.gradient = _joined(self.gradient, norm(gradient))
        if weight is not None:
            self._before = weight.clone()
            self.weight = _joined(self.weight, norm(weight))

    def note_change(self, weight: Tensor) -> None:
        """Take in the weight matrix after its change."""
        self.change = _joined(self.change, norm(self._before.sub_(weight)))

    def take(self, gradient: Tensor, weight: Tensor | None = None, change: Tensor | None = None) -> None:
        """Take in norms that are known already.

        Args:
            gradient: of a gradient `[config]`.
            weight: of the weight matrix before its change `[config]`, or None for another tensor.
            change: of the change of that matrix, likewise.
        """
        self.gradient = _joined(self.gradient, gradient)
        if weight is not None and change is not None:
            self.weight, self.change = _joined(self.weight, weight), _joined(self.change, change)

    def norms(self) -> dict[str, Tensor]:
        """Return what is known, by column of the store's table `curves`."""
        columns = {}
        if self.gradient is not None:
            columns["grad_norm"] = self.gradient
        if self.change is not None and self.weight is not None:
            columns["update_ratio"] = self.change / self.weight
        return columns


def _joined(known: Tensor | None, part: Tensor) -> Tensor:
    """Return the norm of what is known and one more tensor together, from their norms; no square overflows."""
    return part if known is None else torch.hypot(known, part)
