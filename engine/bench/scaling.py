"""Strong scaling: the same grid on one core and on more, by one process with threads and by one for each core."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import torch

from goldilocks.engine.cores import kernel_threads
from goldilocks.engine.device import Device
from goldilocks.engine.execution.run import run
from goldilocks.engine.grid.spec import Grid

TRAININGS, WIDTH = 2_000, 64
MOST_CORES = 16
ROUNDS = 3
GRID = """
name = "scaling"
[[study]]
kind = "training"
dataset = "digits"
width = {width}
depth = 5
init = "kaiming"
activation = "relu"
norm = ["none", "batch"]
lr = [{rates}]
batch_size = 64
steps = 40
seed = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
"""


def measure(
    device: Device, trainings: int = TRAININGS, say: Callable[[str], None] = lambda line: None
) -> list[dict[str, Any]]:
    """Time a whole run, the start of its processes and its store included, on 1, 2, 4 … cores, in turns.

    Args:
        device: where; other than a CPU has no cores to share.
        trainings: how many, a multiple of 20.
        say: called with what is being measured.

    Returns:
        One entry per number of cores and of processes: cores, processes, seconds, share (of the rate of one core
        times their number); none where there is one core.
    """
    if device.torch_device.type != "cpu":
        return []
    ways = list(_ways(torch.get_num_threads()))
    if len(ways) == 1:
        return []
    grid = _grid(trainings)
    say(f"{trainings:,} trainings, width {WIDTH}: {', '.join(f'{c} cores, {p} processes' for c, p in ways)}")
    seconds: dict[tuple[int, int], list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            seconds[way].append(_seconds(grid, *way))
    alone = median(seconds[ways[0]])
    return [
        {"cores": cores, "processes": processes, "seconds": median(taken), "share": alone / median(taken) / cores}
        for (cores, processes), taken in seconds.items()
    ]


def _ways(cores: int) -> Iterator[tuple[int, int]]:
    """Yield what is compared: cores, and processes that share them."""
    yield 1, 1
    count = 2
    while count <= min(cores, MOST_CORES):
        yield from ((count, 1), (count, count))
        count *= 2


def _grid(trainings: int) -> Grid:
    # Rates close to each other, so that all train alike; a norm and ten seeds each.
    rates = ", ".join(f"{0.1 + number / 1e4:g}" for number in range(trainings // 20))
    return Grid.from_toml(GRID.format(width=WIDTH, rates=rates))


def _seconds(grid: Grid, cores: int, processes: int) -> float:
    with tempfile.TemporaryDirectory() as folder, kernel_threads(cores):
        return float(run(grid, Path(folder) / "grid.duckdb", "cpu", workers=processes)["seconds"])
