"""How fast this machine multiplies batches of matrices: the measure of every other speed."""

import time

import torch

from engine.device import Device

PROBE_SECONDS = 0.3
PROBE_ENTRIES = 1 << 18
FLOAT_BYTES = 4
# More than the last cache of most processors holds.
STREAMED_BYTES = 1 << 26


def matrix_rate(device: Device, size: int = 64, streamed: bool = False) -> float:
    """Measure the rate of batched products of the shapes that training uses, in operations per second.

    Args:
        device: where.
        size: rows and columns of each matrix.
        streamed: whether every product finds its factors in memory, as in training, where a layer's weights and
            activations are used once and all other layers come before they are used again; otherwise the same few
            matrices stay in the cache.
    """
    configs = max(1, PROBE_ENTRIES // size**2)
    sets = STREAMED_BYTES // (FLOAT_BYTES * configs * size**2) if streamed else 1
    factors = torch.ones(sets, configs, size, size, device=device.torch_device)
    product = torch.empty_like(factors)
    device.synchronize()
    start, products = time.perf_counter(), 0
    while time.perf_counter() - start < PROBE_SECONDS:
        for number in range(sets):
            torch.bmm(factors[number], factors[number - 1], out=product[number])
        device.synchronize()
        products += sets
    return products * 2.0 * configs * size**3 / (time.perf_counter() - start)
