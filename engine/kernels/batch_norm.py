"""Batch normalization in one pass each way: a unit's whole batch is held in registers.

The formulas are those of `engine.normalizations.batch`, which moves seven times as many bytes.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

# More examples than this do not fit into a program's registers; a program holds so many numbers.
MOST_EXAMPLES, HELD = 1024, 4096


def handles(z: Tensor) -> bool:
    """Tell whether a batch fits into a program's registers, and lies there row after row."""
    return z.shape[1] <= MOST_EXAMPLES and z.is_contiguous()


def forward(
    z: Tensor, gamma: Tensor, beta: Tensor, running: tuple[Tensor, Tensor] | None, eps: float, momentum: float
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Normalize in training mode; see `BatchNorm.forward`.

    Args:
        z: pre-activations `[config, batch, unit]`; centred in place.
        gamma: γ `[config, 1, unit]`.
        beta: β, same shape.
        running: mean and variance `[config, 1, unit]` to update in place, or None.
        eps: what is added to the variance.
        momentum: weight of this batch in the running statistics.

    Returns:
        The normalized pre-activations, and for the way back z − E z and 1/√(Var z + eps).
    """
    _, batch, units = z.shape
    y, inverse_std = torch.empty_like(z), torch.empty_like(gamma)
    mean, variance = running or (inverse_std, inverse_std)
    _forward[_grid(z)](
        z, gamma, beta, y, inverse_std, mean, variance, batch, units, eps, momentum,
        batch / (batch - 1), TRACKS=running is not None, **_blocks(z),
    )  # fmt: skip
    return y, (z, inverse_std)


def backward(dy: Tensor, centred: Tensor, inverse_std: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Carry a gradient back through the training mode; see `BatchNorm.backward`.

    Args:
        dy: gradient at the output `[config, batch, unit]`; overwritten.
        centred: z − E z, same shape.
        inverse_std: 1/√(Var z + eps) `[config, 1, unit]`.
        gamma: γ, same shape.

    Returns:
        The gradient at z, and those of γ and β.
    """
    at_gamma, at_beta = torch.empty_like(gamma), torch.empty_like(gamma)
    _backward[_grid(dy)](dy, centred, inverse_std, gamma, at_gamma, at_beta, *dy.shape[1:], **_blocks(dy))
    return dy, at_gamma, at_beta


def _blocks(z: Tensor) -> dict[str, int]:
    examples = triton.next_power_of_2(z.shape[1])
    units = min(max(HELD // examples, 8), triton.next_power_of_2(z.shape[2]), 64)
    return {"EXAMPLES": examples, "UNITS": units}


def _grid(z: Tensor) -> tuple[int]:
    return (len(z) * triton.cdiv(z.shape[2], _blocks(z)["UNITS"]),)


@triton.jit
def _places(batch, units, EXAMPLES: tl.constexpr, UNITS: tl.constexpr):
    """Return where a program's numbers lie in `[config, batch, unit]` and in `[config, 1, unit]`, and which exist."""
    blocks = tl.cdiv(units, UNITS)
    unit = (tl.program_id(0) % blocks) * UNITS + tl.arange(0, UNITS)
    config = (tl.program_id(0) // blocks).to(tl.int64)
    example = tl.arange(0, EXAMPLES)
    at = (config * batch + example[:, None]) * units + unit[None, :]
    return at, (example[:, None] < batch) & (unit[None, :] < units), config * units + unit, unit < units


@triton.jit
def _forward(
    z, gamma, beta, y, inverse_std, running_mean, running_variance, batch, units, eps, momentum, unbiased,
    TRACKS: tl.constexpr, EXAMPLES: tl.constexpr, UNITS: tl.constexpr,
):  # fmt: skip
    at, inside, at_unit, exists = _places(batch, units, EXAMPLES, UNITS)
    values = tl.load(z + at, mask=inside, other=0.0)
    mean = tl.sum(values, 0) / batch
    centred = tl.where(inside, values - mean[None, :], 0.0)
    variance = tl.sum(centred * centred, 0) / batch
    inverse = 1 / tl.sqrt_rn(variance + eps)
    gain = inverse * tl.load(gamma + at_unit, mask=exists)
    shift = tl.load(beta + at_unit, mask=exists)
    tl.store(z + at, centred, mask=inside)
    tl.store(y + at, centred * gain[None, :] + shift[None, :], mask=inside)
    tl.store(inverse_std + at_unit, inverse, mask=exists)
    if TRACKS:
        old_mean = tl.load(running_mean + at_unit, mask=exists)
        old_variance = tl.load(running_variance + at_unit, mask=exists)
        tl.store(running_mean + at_unit, old_mean + momentum * (mean - old_mean), mask=exists)
        new_variance = old_variance + momentum * (variance * unbiased - old_variance)
        tl.store(running_variance + at_unit, new_variance, mask=exists)


@triton.jit
def _backward(
    dy, centred, inverse_std, gamma, dgamma, dbeta, batch, units, EXAMPLES: tl.constexpr, UNITS: tl.constexpr
):
    at, inside, at_unit, exists = _places(batch, units, EXAMPLES, UNITS)
    gradient = tl.load(dy + at, mask=inside, other=0.0)
    values = tl.load(centred + at, mask=inside, other=0.0)
    inverse = tl.load(inverse_std + at_unit, mask=exists, other=0.0)
    gain = inverse * tl.load(gamma + at_unit, mask=exists, other=0.0)
    at_beta = tl.sum(gradient, 0)
    at_gamma = tl.sum(gradient * values, 0) * inverse
    share = -gain / batch
    back = gradient * gain[None, :] + (at_beta * share)[None, :] + values * (at_gamma * inverse * share)[None, :]
    tl.store(dy + at, back, mask=inside)
    tl.store(dgamma + at_unit, at_gamma, mask=exists)
    tl.store(dbeta + at_unit, at_beta, mask=exists)
