"""Memory of what a forward pass keeps for the way back."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


class SavedBytes:
    """Counts it, each storage once.

    Args:
        known: addresses of storages that do not count, as those of parameters.

    Attributes:
        bytes: counted so far.
    """

    def __init__(self, known: set[int]):
        self._known = known
        self.bytes = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count within the block."""
        with torch.autograd.graph.saved_tensors_hooks(self._keep, lambda tensor: tensor):
            yield

    def _keep(self, tensor: Tensor) -> Tensor:
        if tensor.layout is not torch.strided:
            # What is sparse has no storage of its own; it comes from the batch, which is there anyway.
            return tensor
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._known:
            self._known.add(storage.data_ptr())
            self.bytes += storage.nbytes()
        return tensor
