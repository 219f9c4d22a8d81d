"""Memory for what is reckoned on the way, used again: to get new memory takes longer than what is done in it."""

import torch
from torch import Tensor


class Scratch:
    """A buffer as large as the largest tensor that was asked for; what is in it lasts until the next one is."""

    def __init__(self) -> None:
        self._buffer = torch.empty(0)

    def like(self, x: Tensor) -> Tensor:
        """Return a tensor of the same shape and type, whose values are whatever was left there.

        Args:
            x: on the CPU.
        """
        if self._buffer.dtype != x.dtype or self._buffer.numel() < x.numel():
            self._buffer = torch.empty(x.numel(), dtype=x.dtype)
        return self._buffer[: x.numel()].view(x.shape)
