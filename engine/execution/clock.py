"""The clock of a forecast: seconds that a machine would need if nothing else used it.

Others that use it come and go between a plan and its run, so what they take is not counted.
"""

import time
from collections.abc import Callable

from goldilocks.engine.device import Device


def undisturbed(device: Device, threads: int) -> Callable[[], float]:
    """Return a clock that stands still while others have the cores.

    Args:
        device: what is timed; a GPU has no such clock.
        threads: how many are busy with what is timed.
    """
    if device.torch_device.type != "cpu":
        return time.perf_counter
    return lambda: time.process_time() / threads
