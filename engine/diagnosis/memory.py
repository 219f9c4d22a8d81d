"""How much memory several configurations in one program take, and how many of them fit."""

from dataclasses import dataclass

from torch import nn

from goldilocks.engine.device import Device
from goldilocks.engine.diagnosis.trace import Trace

# Share of the free memory that a program may take.
SHARE = 0.6


@dataclass(frozen=True)
class Memory:
    """Memory of one configuration in a program.

    Attributes:
        weights: bytes of its parameters.
        saved: bytes of what its forward pass keeps for the way back.
        values: bytes of the values at its sites, which a tap makes anew.
        free: bytes that can be taken.
    """

    weights: float
    saved: float
    values: float
    free: float

    @classmethod
    def of(cls, found: Trace, model: nn.Module, device: Device) -> "Memory":
        """Return the memory of one configuration of a network.

        Args:
            found: the network's trace.
            model: the network.
            device: where it will run.
        """
        weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
        return cls(weights, found.saved_bytes, found.site_bytes, device.free_memory)

    def bytes_for(self, configurations: int) -> float:
        """Return the memory of a program: weights, their copies in a stack, and gradients; saved values and taps."""
        return configurations * (3 * self.weights + self.saved + self.values)

    def most_at_once(self) -> int:
        """Return how many configurations fit into one program, at least one."""
        return max(1, int(SHARE * self.free / max(self.bytes_for(1), 1)))
