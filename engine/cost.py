"""What a batch of cells takes: operations and memory."""

from dataclasses import dataclass

# Bytes of the numbers that networks are computed in, and of those of statistics and oracles.
FLOAT_BYTES, DOUBLE_BYTES = 4, 8


@dataclass(frozen=True)
class Cost:
    """What a batch takes.

    Attributes:
        flops: floating-point operations of its matrix products.
        bytes: peak memory of its tensors.
    """

    flops: float
    bytes: float
