"""How fast this machine multiplies batches of matrices: the measure of every other speed."""

import time
from collections.abc import Callable

import torch

from goldilocks.engine.cost import FLOAT_BYTES
from goldilocks.engine.device import Device

PROBE_SECONDS = 0.3
# Entries of one factor: on a CPU three times as many fit into the last cache; a GPU needs more to be busy.
PROBE_ENTRIES = {"cpu": 1 << 18, "cuda": 1 << 24, "mps": 1 << 20}
# More than the last cache holds.
STREAMED_BYTES = {"cpu": 1 << 26, "cuda": 1 << 30, "mps": 1 << 28}


def matrix_rate(
    device: Device, size: int = 64, streamed: bool = False, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Measure the rate of batched products of the shapes that training uses, in operations per second.

    Args:
        device: where.
        size: rows and columns of each matrix.
        streamed: whether every product finds its factors in memory, as in training, where a layer's weights and
            activations are used once and all other layers come before they are used again; otherwise the same few
            matrices stay in the cache.
        clock: what tells the seconds; see `engine.execution.clock`.
    """
    kind = device.torch_device.type
    configs = max(1, PROBE_ENTRIES[kind] // size**2)
    sets = STREAMED_BYTES[kind] // (FLOAT_BYTES * configs * size**2) if streamed else 1
    # Not all alike: a GPU draws less power on constants, and is faster than on numbers.
    draws = torch.Generator(device.torch_device).manual_seed(0)
    factors = torch.empty(sets, configs, size, size, device=device.torch_device).uniform_(-1, 1, generator=draws)
    product = torch.empty_like(factors)
    device.synchronize()
    start, products = clock(), 0
    while clock() - start < PROBE_SECONDS:
        for number in range(sets):
            torch.bmm(factors[number], factors[number - 1], out=product[number])
        device.synchronize()
        products += sets
    return products * 2.0 * configs * size**3 / (clock() - start)
