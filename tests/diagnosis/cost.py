"""What measuring a configuration of a large network costs, in plain passes forward and back.

    python -m tests.diagnosis.cost [TIMES]

A plain pass and a configuration by the loop in turns, in processor time of one thread, initialization not counted.
"""

import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import nn

from goldilocks.engine.diagnosis.passes import Passes, state_of
from goldilocks.engine.diagnosis.prepared import made, prepare
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import trace
from tests.diagnosis import zoo

TIMES = 9


def perceptron(width: int) -> nn.Module:
    """Return four layers with ReLU, and a head."""
    layers = [part for _ in range(4) for part in (nn.Linear(width, width), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(width, zoo.CLASSES))


def residual(channels: int = 64) -> nn.Module:
    """Return three residual blocks of convolutions, with batch norm."""
    blocks = (zoo.ResidualBlock(channels, channels) for _ in range(3))
    pooled = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, zoo.CLASSES))
    return nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), *blocks, *pooled)


class Gpt(zoo.Gpt):
    """A language model of longer sequences than those of the zoo."""

    def __init__(self, width: int, length: int):
        super().__init__(width, 2, 8)
        self.place = nn.Embedding(length, width)


NETWORKS: dict[str, tuple[Callable[[], nn.Module], Callable[[], torch.Tensor]]] = {
    "MLP, 4 × 1024, 128 examples": (lambda: perceptron(1024), lambda: torch.randn(128, 1024)),
    "MLP, 4 × 2048, 256 examples": (lambda: perceptron(2048), lambda: torch.randn(256, 2048)),
    "three residual blocks, 64 channels, 16 images of 32 × 32": (residual, lambda: torch.randn(16, 3, 32, 32)),
    "GPT, 2 × 512, 4 × 128 tokens": (lambda: Gpt(512, 128), lambda: zoo.words(4, 128)),
    "GPT, 2 × 768, 8 × 128 tokens": (lambda: Gpt(768, 128), lambda: zoo.words(8, 128)),
}


def seconds(work: Callable[[], object]) -> float:
    """Return the processor seconds that something takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main(times: int) -> None:
    """Print a table."""
    torch.set_num_threads(1)
    print(f"| network | plain | one configuration | median of {times} ratios (range) |\n|---|---:|---:|---:|")
    for name, (make, batch) in NETWORKS.items():
        specimen = Specimen(make, (batch(),), classes=zoo.CLASSES if "GPT" not in name else zoo.WORDS)
        model = made(specimen, 0)
        prepare(model, specimen.training)
        passes = Passes(model, specimen, trace(specimen))
        states = [{name: tensor.clone() for name, tensor in state_of(model).items()}]
        pairs = [(seconds(passes.plain), seconds(lambda: passes.one_by_one(states))) for _ in range(times + 1)][1:]  # noqa: B023
        ratios = [measured / plain for plain, measured in pairs]
        plain, measured = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
        middle = statistics.median(ratios)
        print(
            f"| {name} | {plain:.0f} ms | {measured:.0f} ms | {middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES)
