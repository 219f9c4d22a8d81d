"""The base noise behind every weight and bias: unit second moment, a function of (seed, layer, shape, family)."""

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine import randomness
from goldilocks.engine.initializers.base import BiasFamily, Family

# Every network has one read-out; naming it keeps its draws the same at every depth.
READOUT = "readout"
Layer = int | str


def weight_noise(seed: int, layer: Layer, shape: tuple[int, int], family: Family) -> Tensor:
    """Draw the base noise of a weight matrix.

    Args:
        seed: the cell's seed.
        layer: number of the hidden layer, from 1, or `READOUT`.
        shape: (fan_in, fan_out).
        family: kind of draws.

    Returns:
        float32 tensor `[fan_in, fan_out]` on the CPU, with second moment 1.
    """
    if family == "ones":
        return torch.ones(shape)
    if family in ("uniform", "truncated"):
        draw = randomness.standard_uniform if family == "uniform" else randomness.standard_truncated_normal
        return torch.from_numpy(draw(("weight", seed, layer, shape, family), shape))
    # Orthogonal matrices are made from the normal draws of the same layer.
    normal = torch.from_numpy(randomness.standard_normal(("weight", seed, layer, shape, "normal"), shape))
    return normal if family == "normal" else _orthogonalize(normal)


def bias_noise(seed: int, layer: Layer, size: int, family: BiasFamily = "uniform") -> Tensor:
    """Draw the base noise of a bias vector.

    Args:
        seed: the cell's seed.
        layer: number of the hidden layer, from 1, or `READOUT`.
        size: number of units.
        family: kind of draws.

    Returns:
        float32 tensor `[size]` on the CPU, with second moment 1.
    """
    draw = randomness.standard_uniform if family == "uniform" else randomness.standard_normal
    return torch.from_numpy(draw(("bias", seed, layer, size), (size,)))


def _orthogonalize(normal: Tensor) -> Tensor:
    fan_in, fan_out = normal.shape
    tall = normal if fan_in >= fan_out else normal.T
    # QR in two steps, because R is wanted for its diagonal alone, and these matrices are large.
    reflectors, tau = torch.geqrf(tall.double())
    # The sign of R's diagonal makes Q uniform over orthogonal matrices (Mezzadri 2007).
    signs = torch.sign(torch.diagonal(reflectors))
    q = torch.linalg.householder_product(reflectors, tau)
    q *= signs * np.sqrt(max(fan_in, fan_out))
    return (q if fan_in >= fan_out else q.T).to(normal.dtype).contiguous()
