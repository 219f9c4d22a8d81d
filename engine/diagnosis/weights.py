"""Statistics of the parameters themselves: their size, what is not finite, units that begin equal."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine.diagnosis.trace import Trace

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
    values = values.detach().double().cpu()
    if values.numel() == 0:
        return [float("nan")] * len(COLUMNS)
    mean = float(values.mean())
    rms = float(torch.linalg.vector_norm(values)) / values.numel() ** 0.5
    equal = _equal_units(values.mT if columns else values) if matrix else float("nan")
    std = float((values - mean).square().mean().sqrt())
    return [mean, std, rms, float(values.abs().max()), float((~values.isfinite()).double().mean()), equal]


def _equal_units(values: Tensor) -> float:
    """Return the share of rows that equal another one, found by sorting what they are multiplied to."""
    rows = values.flatten(1)
    by = torch.linspace(1, 2, rows.shape[1], dtype=rows.dtype).sqrt()
    order = (rows * by).sum(1).sort().indices
    same = (rows[order][1:] == rows[order][:-1]).all(1)
    equal = torch.zeros(len(rows), dtype=torch.bool)
    equal[1:] |= same
    equal[:-1] |= same
    return float(equal.double().mean())
