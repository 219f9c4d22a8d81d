"""Statistics of the parameters themselves: their size, what is not finite, units that begin equal."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine.diagnosis.trace import Trace

# Entries that are looked at together: large matrices are not copied as a whole.
BLOCK = 1 << 18
COLUMNS = ("mean", "std", "rms", "magnitude", "nonfinite", "equal_units")


def describe_weights(found: Trace, state: dict[str, Tensor]) -> np.ndarray:
    """Return the statistics of every parameter of one configuration.

    Args:
        found: the network's trace.
        state: its parameters.

    Returns:
        float64 `[parameter, column]`, the columns being `COLUMNS`.
    """
    rows = [_describe(state[parameter.name], *_units(found, parameter.name)) for parameter in found.parameters]
    return np.array(rows, float).reshape(len(rows), len(COLUMNS))


def _units(found: Trace, name: str) -> tuple[bool, bool]:
    """Return whether a parameter is a matrix whose units can be compared, and whether they are its columns."""
    use = found.uses.get(name)
    matrix = use is not None and use.part == "weight" and bool(use.blocks)
    columns = matrix and use is not None and not use.blocks[0].layout.endswith("rows")
    return matrix and (use is not None and use.blocks[0].shape[1] > 1), columns


def _describe(values: Tensor, matrix: bool, columns: bool) -> Sequence[float]:
    values, count = values.detach().cpu(), values.numel()
    if count == 0:
        return [float("nan")] * len(COLUMNS)
    blocks = values.reshape(-1).split(BLOCK)
    mean = sum(float(block.double().sum()) for block in blocks) / count
    std = (sum(float((block.double() - mean).square().sum()) for block in blocks) / count) ** 0.5
    rms = (sum(float(block.double().square().sum()) for block in blocks) / count) ** 0.5
    magnitude = max(map(abs, map(float, values.aminmax())), key=lambda size: (size != size, size))
    nonfinite = 1 - int(values.isfinite().sum()) / count
    equal = _equal_units(values.mT if columns else values) if matrix else float("nan")
    return [mean, std, rms, magnitude, nonfinite, equal]


def _equal_units(values: Tensor) -> float:
    """Return the share of rows that equal another one, found by sorting what they are multiplied to."""
    rows = values.flatten(1)
    count, at_once = len(rows), max(1, BLOCK // rows.shape[1])
    by = torch.linspace(1, 2, rows.shape[1], dtype=torch.float64).sqrt()
    order = torch.cat([some.double() @ by for some in rows.split(at_once)]).sort().indices
    pieces = [order[start : start + at_once + 1] for start in range(0, count - 1, at_once)]
    same = torch.cat([(rows[piece[1:]] == rows[piece[:-1]]).all(1) for piece in pieces or [order]])
    equal = torch.zeros(count, dtype=torch.bool)
    equal[1:] |= same
    equal[:-1] |= same
    return float(equal.double().mean())
