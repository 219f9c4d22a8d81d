"""How long this machine takes to call a kernel on next to nothing: the measure of what small batches take."""

from collections.abc import Callable

import torch

from goldilocks.engine.device import Device

PROBE_SECONDS = 0.2
ENTRIES = 1 << 10
# Calls between two looks at the clock.
ROUND = 100


def call_seconds(device: Device, clock: Callable[[], float]) -> float:
    """Measure what one operation on a small tensor takes, the way through Python included.

    Args:
        device: where.
        clock: what tells the seconds; see `engine.execution.clock`.
    """
    small = torch.zeros(ENTRIES, device=device.torch_device)
    device.synchronize()
    start, calls = clock(), 0
    while clock() - start < PROBE_SECONDS:
        for _ in range(ROUND):
            small.add_(1.0)
        device.synchronize()
        calls += ROUND
    return (clock() - start) / calls
