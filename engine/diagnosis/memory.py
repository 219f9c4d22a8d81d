"""How much memory several configurations in one program take, and how many of them fit."""

from dataclasses import dataclass

from torch import nn

from goldilocks.engine.device import Device
from goldilocks.engine.diagnosis.trace import Trace

# Share of the free memory that a program may take.
SHARE = 0.6
# Networks that are there however many configurations are.
NETWORKS = 3


@dataclass(frozen=True)
class Memory:
    """Memory of one configuration in a program.

    Attributes:
        weights: bytes of its parameters.
        largest: bytes of the largest of them, of which a copy is made when its gradient is summed.
        saved: bytes of what its forward pass keeps for the way back.
        values: bytes of the values at its sites, which a tap makes anew.
        free: bytes that can be taken.
    """

    weights: float
    largest: float
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
        sizes = [parameter.numel() * parameter.element_size() for parameter in model.parameters()]
        return cls(sum(sizes), max(sizes, default=0), found.saved_bytes, found.site_bytes, device.free_memory)

    def bytes_for(self, configurations: int) -> float:
        """Return the memory of a measurement with so many configurations in a program.

        Each has its weights, several a copy of them in a stack, and their gradients. Beside them are the network as it
        was traced, the one that is run, and the one that the factory made.

        Args:
            configurations: one are computed by the loop.
        """
        of_weights = 3 if configurations > 1 else 2
        each = of_weights * self.weights + self.largest + self.saved + self.values
        return NETWORKS * self.weights + configurations * each

    def most_at_once(self) -> int:
        """Return how many configurations fit into one program, at least one."""
        each = self.bytes_for(3) - self.bytes_for(2)
        return max(1, int((SHARE * self.free - NETWORKS * self.weights) / max(each, 1)))
