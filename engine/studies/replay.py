"""A step that is launched as one: on a GPU, small networks are faster to compute than to ask for, kernel by kernel."""

from collections.abc import Callable

import torch


class Replay:
    """A function of no arguments that changes tensors in place; on CUDA it is captured once and replayed from then on.

    What it reads must stay where it is: a function over other tensors needs another replay.

    Args:
        function: what to do; it reads nothing back to the host and allocates nothing that outlives it.
        device: where its tensors live.

    Source:
        CUDA graphs: https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
    """

    def __init__(self, function: Callable[[], None], device: torch.device):
        self._function, self._device = function, device
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self) -> None:
        if self._device.type != "cuda":
            return self._function()
        if self._graph is None:
            # Capturing records the work and does not do it, so the first replay is the first time.
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._function()
        return self._graph.replay()
