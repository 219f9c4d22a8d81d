"""The second peer: the lecture's own experiment in NumPy, one configuration at a time, forward only."""

from collections.abc import Callable, Sequence

import numpy as np

from goldilocks.engine.initializers import Fans
from goldilocks.engine.studies.propagation import PropagationCell

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(0, z),
}


def propagate(cells: Sequence[PropagationCell]) -> list[float]:
    """Run networks forward one after the other and return the rms activation of the first layer."""
    return [_propagate(cell) for cell in cells]


def _propagate(cell: PropagationCell) -> float:
    # As on the slides, with a generator of its own instead of the global one.
    random = np.random.RandomState(cell.seed)
    x = random.randn(cell.batch_size, cell.width)
    std = cell.init.scale(Fans(cell.width, cell.width), cell.activation)
    acts = []
    for _ in range(cell.depth):
        weight = std * random.randn(cell.width, cell.width)
        x = FUNCTIONS[cell.activation.name](x.dot(weight))
        acts.append(x)
    for act in acts:
        act.mean(), act.std(), np.histogram(act, 64)
    return float(np.sqrt(np.mean(acts[0] ** 2)))
