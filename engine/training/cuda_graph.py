"""A step that is launched as one: on a GPU, small networks are faster to compute than to ask for, kernel by kernel."""

from collections.abc import Callable

import torch
from torch import Tensor

Memory = tuple[int, int]


def shared_memory(device: torch.device) -> Memory | None:
    """Return memory for captured steps, or None on a device where none are captured."""
    return torch.cuda.graph_pool_handle() if device.type == "cuda" else None


class Replay:
    """A step that changes tensors in place; on CUDA it is captured once and replayed from then on.

    The first call is made kernel by kernel, so that libraries set up their workspaces outside of the capture; the
    second is captured. What a step reads must stay where it is: a step over other tensors needs another replay.

    Args:
        step: what to do, given a tensor with the number of steps made before; it reads nothing back to the host and
            allocates nothing that outlives it.
        device: where its tensors live.
        memory: where captured steps that never run at the same time may share their memory; None for memory of its own.

    Source:
        CUDA graphs: https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
    """

    def __init__(self, step: Callable[[Tensor], None], device: torch.device, memory: Memory | None = None):
        self._step, self._captures, self._memory = step, device.type == "cuda", memory
        self._made = torch.zeros((), dtype=torch.long, device=device)
        self._warm = False
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, made: int) -> None:
        """Make a step.

        Args:
            made: number of steps made before.
        """
        self._made.fill_(made)
        if not (self._captures and self._warm):
            self._warm = True
            return self._step(self._made)
        if self._graph is None:
            # Capturing records the work and does not do it, so a replay follows.
            self._graph = torch.cuda.CUDAGraph()
            # What other threads ask of the GPU meanwhile is theirs.
            with torch.cuda.graph(self._graph, self._memory, capture_error_mode="thread_local"):  # type: ignore
                self._step(self._made)
        return self._graph.replay()
