"""A fully connected layer in one kernel each way: product, bias or batch norm, activation.

A program holds one configuration's whole batch for a tile of units, so that batch norm needs nothing from another. The
formulas are those of `engine.networks.sequential`, `engine.normalizations.batch` and `engine.activations`.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from goldilocks.engine.kernels.phi import PHIS, slope, value
from goldilocks.engine.kernels.product import DEPTH, LEAST, TILE, precision, side

# Larger batches and layers are left to other kernels, and so are batches that leave most of a tile empty.
LEAST_EXAMPLES, MOST_EXAMPLES, MOST_UNITS = 8, 128, 128


class BatchNorm(NamedTuple):
    """Batch normalization of a layer.

    Attributes:
        gamma: γ `[config, 1, unit]`.
        beta: β, same shape.
        running: mean and variance, same shape, updated in place by the way forward; None where nobody evaluates.
        eps: what is added to the variance.
        momentum: weight of this batch in the running statistics.
    """

    gamma: Tensor
    beta: Tensor
    running: tuple[Tensor, Tensor] | None
    eps: float
    momentum: float


class Layer(NamedTuple):
    """A layer, as kernels see it.

    Attributes:
        weight: `[config, fan_in, unit]`.
        bias: `[config, 1, unit]`, or None.
        norm: batch normalization, or None for none; behind it there is no bias.
        phi: name of the activation, among `PHIS`.
        parameter: its parameter; 0 where it has none.
    """

    weight: Tensor
    bias: Tensor | None
    norm: BatchNorm | None
    phi: str
    parameter: float


class Kept(NamedTuple):
    """What the way forward leaves for the way back.

    Attributes:
        act: what left the activation `[config, batch, unit]`.
        pre: what φ′ is computed from: z − E z before batch norm; else φ(z) where that is enough, or z. Same shape.
        inverse_std: 1/√(Var z + eps) `[config, 1, unit]`, or None without batch norm.
    """

    act: Tensor
    pre: Tensor
    inverse_std: Tensor | None


class AtLayer(NamedTuple):
    """Gradients of a layer.

    Attributes:
        affine: at what leaves the affine map `[config, batch, unit]`.
        vectors: of the bias, or of γ and β, `[config, 1, unit]` each.
    """

    affine: Tensor
    vectors: list[Tensor]


def handles(batch: int, units: int) -> bool:
    """Tell whether a layer has a size that these kernels are for."""
    return LEAST_EXAMPLES <= batch <= MOST_EXAMPLES and units <= MOST_UNITS


def forward(h: Tensor, layer: Layer) -> Kept:
    """Return φ(norm(hW + b)) in training mode, and what the way back needs.

    Args:
        h: `[config, batch, fan_in]`, of any strides.
        layer: the layer.
    """
    configs, batch, inner = h.shape
    units, norm = layer.weight.shape[2], layer.norm
    act = torch.empty(configs, batch, units, device=h.device)
    pre = act if norm is None and PHIS[layer.phi].from_output else torch.empty_like(act)
    inverse_std = None if norm is None else torch.empty_like(norm.gamma)
    # A kernel takes a tensor in every place; one that is not there is not touched.
    gamma, beta = (act, act) if norm is None else (norm.gamma, norm.beta)
    mean, variance = norm.running if norm is not None and norm.running else (act, act)
    _forward[_grid(configs, batch, units)](
        h, layer.weight, act if layer.bias is None else layer.bias, gamma, beta, act, pre,
        act if inverse_std is None else inverse_std, mean, variance, batch, units, inner,
        *h.stride(), *layer.weight.stride(), norm.eps if norm else 0.0, norm.momentum if norm else 0.0,
        batch / max(batch - 1, 1), layer.parameter, HAS_BIAS=layer.bias is not None, NORMALIZES=norm is not None,
        TRACKS=norm is not None and norm.running is not None, KEEPS_PRE=pre is not act, PHI=layer.phi,
        **_blocks(batch, units, layer.weight, inner),
    )  # fmt: skip
    return Kept(act, pre, inverse_std)


def backward(at_above: Tensor, above: Tensor, kept: Kept, layer: Layer) -> AtLayer:
    """Return the gradients of a layer, given that at what leaves the affine map above it.

    Args:
        at_above: gradient at the output of the affine map above `[config, batch, unit of that map]`, of any strides.
        above: weights of that map `[config, unit, unit of that map]`.
        kept: what the way forward left.
        layer: the layer.
    """
    configs, batch, units = kept.act.shape
    inner, norm = above.shape[2], layer.norm
    dz = torch.empty_like(kept.act)
    scales = 2 if norm is not None else int(layer.bias is not None)
    vectors = [torch.empty(configs, 1, units, device=dz.device) for _ in range(scales)]
    first, second = (*vectors, dz, dz)[:2]
    gamma, beta = (dz, dz) if norm is None else (norm.gamma, norm.beta)
    transposed = above.mT
    _backward[_grid(configs, batch, units)](
        at_above, transposed, kept.pre, dz if kept.inverse_std is None else kept.inverse_std, gamma, beta,
        dz, first, second, batch, units, inner, *at_above.stride(), *transposed.stride(), layer.parameter,
        HAS_BIAS=layer.bias is not None, NORMALIZES=norm is not None, FROM_OUTPUT=PHIS[layer.phi].from_output,
        PHI=layer.phi, **_blocks(batch, units, transposed, inner),
    )  # fmt: skip
    return AtLayer(dz, vectors)


def _grid(configs: int, batch: int, units: int) -> tuple[int]:
    return (configs * triton.cdiv(units, _tile(batch, units)[1]),)


def _tile(batch: int, units: int) -> tuple[int, int]:
    return max(LEAST, triton.next_power_of_2(batch)), side(units)


def _blocks(batch: int, units: int, factor: Tensor, inner: int) -> dict[str, object]:
    examples, tile = _tile(batch, units)
    kind, stages = precision(factor)
    warps = 4 if examples * tile <= TILE * TILE else 8
    sizes = {"EXAMPLES": examples, "UNITS": tile, "DEPTH": min(DEPTH, side(inner)), "PRECISION": kind}
    return {**sizes, "num_warps": warps, "num_stages": stages}


@triton.jit
def _product(
    a, b, config, example, unit, batch, units, inner, a_config, a_row, a_inner, b_config, b_inner, b_column,
    EXAMPLES: tl.constexpr, UNITS: tl.constexpr, DEPTH: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Return a tile of ab; zero beyond the batch and beyond the units."""
    total = tl.zeros((EXAMPLES, UNITS), tl.float32)
    for start in range(0, inner, DEPTH):
        depth = start + tl.arange(0, DEPTH)
        at_left = a + config * a_config + example[:, None] * a_row + depth[None, :] * a_inner
        at_right = b + config * b_config + depth[:, None] * b_inner + unit[None, :] * b_column
        left = tl.load(at_left, mask=(example[:, None] < batch) & (depth[None, :] < inner), other=0.0)
        right = tl.load(at_right, mask=(depth[:, None] < inner) & (unit[None, :] < units), other=0.0)
        total = tl.dot(left, right, total, input_precision=PRECISION)
    return total


@triton.jit
def _forward(
    h, weight, bias, gamma, beta, act, pre, inverse_std, running_mean, running_variance, batch, units, inner,
    h_config, h_row, h_inner, w_config, w_inner, w_column, eps, momentum, unbiased, parameter,
    HAS_BIAS: tl.constexpr, NORMALIZES: tl.constexpr, TRACKS: tl.constexpr, KEEPS_PRE: tl.constexpr,
    PHI: tl.constexpr, EXAMPLES: tl.constexpr, UNITS: tl.constexpr, DEPTH: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    blocks = tl.cdiv(units, UNITS)
    unit = (tl.program_id(0) % blocks) * UNITS + tl.arange(0, UNITS)
    config = (tl.program_id(0) // blocks).to(tl.int64)
    example = tl.arange(0, EXAMPLES)
    at = (config * batch + example[:, None]) * units + unit[None, :]
    exists, inside = unit < units, (example[:, None] < batch) & (unit[None, :] < units)
    at_unit = config * units + unit
    z = _product(
        h, weight, config, example, unit, batch, units, inner, h_config, h_row, h_inner, w_config, w_inner, w_column,
        EXAMPLES, UNITS, DEPTH, PRECISION,
    )  # fmt: skip
    if HAS_BIAS:
        z += tl.load(bias + at_unit, mask=exists, other=0.0)[None, :]
    if NORMALIZES:
        # Beyond the batch z is zero, for there is no bias.
        mean = tl.sum(z, 0) / batch
        centred = tl.where(inside, z - mean[None, :], 0.0)
        variance = tl.sum(centred * centred, 0) / batch
        inverse = 1 / tl.sqrt_rn(variance + eps)
        gain = inverse * tl.load(gamma + at_unit, mask=exists, other=0.0)
        tl.store(pre + at, centred, mask=inside)
        tl.store(inverse_std + at_unit, inverse, mask=exists)
        if TRACKS:
            old_mean = tl.load(running_mean + at_unit, mask=exists, other=0.0)
            old_variance = tl.load(running_variance + at_unit, mask=exists, other=0.0)
            tl.store(running_mean + at_unit, old_mean + momentum * (mean - old_mean), mask=exists)
            new_variance = old_variance + momentum * (variance * unbiased - old_variance)
            tl.store(running_variance + at_unit, new_variance, mask=exists)
        z = centred * gain[None, :] + tl.load(beta + at_unit, mask=exists, other=0.0)[None, :]
    elif KEEPS_PRE:
        tl.store(pre + at, z, mask=inside)
    tl.store(act + at, value(z, parameter, PHI), mask=inside)


@triton.jit
def _backward(
    at_above, above, pre, inverse_std, gamma, beta, dz, first, second, batch, units, inner,
    g_config, g_row, g_inner, w_config, w_inner, w_column, parameter,
    HAS_BIAS: tl.constexpr, NORMALIZES: tl.constexpr, FROM_OUTPUT: tl.constexpr, PHI: tl.constexpr,
    EXAMPLES: tl.constexpr, UNITS: tl.constexpr, DEPTH: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    blocks = tl.cdiv(units, UNITS)
    unit = (tl.program_id(0) % blocks) * UNITS + tl.arange(0, UNITS)
    config = (tl.program_id(0) // blocks).to(tl.int64)
    example = tl.arange(0, EXAMPLES)
    at = (config * batch + example[:, None]) * units + unit[None, :]
    exists, inside = unit < units, (example[:, None] < batch) & (unit[None, :] < units)
    at_unit = config * units + unit
    gradient = _product(
        at_above, above, config, example, unit, batch, units, inner,
        g_config, g_row, g_inner, w_config, w_inner, w_column, EXAMPLES, UNITS, DEPTH, PRECISION,
    )  # fmt: skip
    kept = tl.load(pre + at, mask=inside, other=0.0)
    if NORMALIZES:
        inverse = tl.load(inverse_std + at_unit, mask=exists, other=0.0)
        gain = inverse * tl.load(gamma + at_unit, mask=exists, other=0.0)
        z = kept * gain[None, :] + tl.load(beta + at_unit, mask=exists, other=0.0)[None, :]
        dy = gradient * slope(z, value(z, parameter, PHI), parameter, PHI)
        at_beta = tl.sum(dy, 0)
        at_gamma = tl.sum(dy * kept, 0) * inverse
        share = -gain / batch
        back = dy * gain[None, :] + (at_beta * share)[None, :] + kept * (at_gamma * inverse * share)[None, :]
        tl.store(first + at_unit, at_gamma, mask=exists)
        tl.store(second + at_unit, at_beta, mask=exists)
    else:
        # What is kept is φ(z) or z, whichever the slope looks at.
        back = gradient * slope(kept, kept, parameter, PHI)
        if HAS_BIAS:
            tl.store(first + at_unit, tl.sum(back, 0), mask=exists)
    tl.store(dz + at, back, mask=inside)
