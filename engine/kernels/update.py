"""The gradient of a weight matrix and the update rule in one kernel: the gradient itself is never written.

The rules are those of `engine.optimizers`, under the same names; norms are those of `engine.training.update_size`.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from goldilocks.engine.kernels.product import DEPTH, precision, side

# What each update rule keeps of a parameter.
SLOTS = {"sgd": 0, "momentum": 1, "adam": 2}


class Rule(NamedTuple):
    """An update rule at one step.

    Attributes:
        name: among `SLOTS`.
        lr: learning rates `[config, 1, 1]`.
        betas: weights of the past in what is kept; 0 where less is kept.
        eps: what is added to the root of Adam's second mean.
        filled: 1 − βᵗ of both, on the device, `[2]`.
    """

    name: str
    lr: Tensor
    betas: tuple[float, float]
    eps: float
    filled: Tensor


class Norms(NamedTuple):
    """Euclidean norms `[config]` in float64: of a gradient, of a parameter before its change, of the change."""

    gradient: Tensor
    before: Tensor
    change: Tensor


def weight(w: Tensor, state: list[Tensor], h: Tensor, dz: Tensor, rule: Rule, measured: bool) -> Norms | None:
    """Change a weight matrix by the gradient hᵀ dz.

    Args:
        w: `[config, fan_in, unit]`, changed in place.
        state: what the rule keeps, of the same shape, likewise.
        h: what entered the affine map `[config, batch, fan_in]`, of any strides.
        dz: gradient at its output `[config, batch, unit]`, of any strides.
        rule: the update rule.
        measured: whether norms are wanted.
    """
    configs, rows, columns = w.shape
    tile_rows, tile_columns = side(rows), side(columns)
    tiles = triton.cdiv(rows, tile_rows) * triton.cdiv(columns, tile_columns)
    kind, stages = precision(dz)
    squares, slots = _places(w, state, tiles, measured)
    _weight[(configs * tiles,)](
        h, dz, w, *slots, squares, rule.lr, rule.filled, tiles, rows, columns, h.shape[1], *h.stride(), *dz.stride(),
        *_weights(rule), rule.eps, RULE=rule.name, MEASURED=measured, ROWS=tile_rows, COLUMNS=tile_columns,
        DEPTH=min(DEPTH, side(h.shape[1])), PRECISION=kind, num_warps=4, num_stages=stages,
    )  # fmt: skip
    return _norms(squares) if measured else None


def vector(v: Tensor, state: list[Tensor], gradient: Tensor, rule: Rule, measured: bool) -> Norms | None:
    """Change a bias, γ or β.

    Args:
        v: `[config, 1, unit]`, changed in place.
        state: what the rule keeps, of the same shape, likewise.
        gradient: of the same shape.
        rule: the update rule.
        measured: whether norms are wanted.
    """
    configs, _, units = v.shape
    squares, slots = _places(v, state, 1, measured)
    _vector[(configs,)](
        gradient, v, *slots, squares, rule.lr, rule.filled, units, *_weights(rule), rule.eps,
        RULE=rule.name, MEASURED=measured, UNITS=triton.next_power_of_2(units), num_warps=1,
    )  # fmt: skip
    return _norms(squares) if measured else None


def _places(parameter: Tensor, state: list[Tensor], tiles: int, measured: bool) -> tuple[Tensor, list[Tensor]]:
    """Return where sums of squares go, and two tensors of state; what is not there is not touched."""
    squares = parameter
    if measured:
        squares = torch.empty(len(parameter), tiles, 3, dtype=torch.float64, device=parameter.device)
    return squares, [*state, parameter, parameter][:2]


def _weights(rule: Rule) -> list[float]:
    """Return the weights of the past and the rest to 1, which would cancel in float32."""
    return [weight for beta in rule.betas for weight in (beta, 1 - beta)]


def _norms(squares: Tensor) -> Norms:
    return Norms(*squares.sum(1).sqrt().unbind(1))


@triton.jit
def _changed(
    parameter, gradient, slot1, slot2, at, inside, squares, program, lr, filled, beta1, rest1, beta2, rest2, eps,
    RULE: tl.constexpr, MEASURED: tl.constexpr,
):  # fmt: skip
    """Change a tile of a parameter and of what is kept of it."""
    old = tl.load(parameter + at, mask=inside, other=0.0)
    if RULE == "sgd":
        new = old - gradient * lr
    elif RULE == "momentum":
        velocity = tl.load(slot1 + at, mask=inside, other=0.0) * beta1 + gradient
        tl.store(slot1 + at, velocity, mask=inside)
        new = old - velocity * lr
    else:
        tl.static_assert(RULE == "adam")
        mean = tl.load(slot1 + at, mask=inside, other=0.0)
        mean += rest1 * (gradient - mean)
        square = tl.load(slot2 + at, mask=inside, other=0.0) * beta2 + rest2 * (gradient * gradient)
        tl.store(slot1 + at, mean, mask=inside)
        tl.store(slot2 + at, square, mask=inside)
        scale = tl.sqrt_rn(square / tl.load(filled + 1)) + eps
        new = old - (mean / scale) * (lr / tl.load(filled))
    tl.store(parameter + at, new, mask=inside)
    if MEASURED:
        # Squares of finite numbers have room in float64 only.
        tl.store(squares + 3 * program, _sum_of_squares(gradient, inside))
        tl.store(squares + 3 * program + 1, _sum_of_squares(old, inside))
        tl.store(squares + 3 * program + 2, _sum_of_squares(old - new, inside))


@triton.jit
def _sum_of_squares(x, inside):
    wide = tl.where(inside, x, 0.0).to(tl.float64)
    return tl.sum(tl.ravel(wide * wide), 0)


@triton.jit
def _weight(
    h, dz, weight, slot1, slot2, squares, lr, filled, tiles, rows, columns, batch,
    h_config, h_example, h_row, g_config, g_example, g_column, beta1, rest1, beta2, rest2, eps,
    RULE: tl.constexpr, MEASURED: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    program = tl.program_id(0).to(tl.int64)
    across = tl.cdiv(columns, COLUMNS)
    tile, config = tl.program_id(0) % tiles, program // tiles
    row = (tile // across) * ROWS + tl.arange(0, ROWS)
    column = (tile % across) * COLUMNS + tl.arange(0, COLUMNS)
    rows_in, columns_in = row[:, None] < rows, column[None, :] < columns
    gradient = tl.zeros((ROWS, COLUMNS), tl.float32)
    for start in range(0, batch, DEPTH):
        example = start + tl.arange(0, DEPTH)
        at_left = h + config * h_config + row[:, None] * h_row + example[None, :] * h_example
        at_right = dz + config * g_config + example[:, None] * g_example + column[None, :] * g_column
        left = tl.load(at_left, mask=rows_in & (example[None, :] < batch), other=0.0)
        right = tl.load(at_right, mask=(example[:, None] < batch) & columns_in, other=0.0)
        gradient = tl.dot(left, right, gradient, input_precision=PRECISION)
    at = (config * rows + row[:, None]) * columns + column[None, :]
    _changed(
        weight, gradient, slot1, slot2, at, rows_in & columns_in, squares, program, tl.load(lr + config), filled,
        beta1, rest1, beta2, rest2, eps, RULE, MEASURED,
    )  # fmt: skip


@triton.jit
def _vector(
    gradient, vector, slot1, slot2, squares, lr, filled, units, beta1, rest1, beta2, rest2, eps,
    RULE: tl.constexpr, MEASURED: tl.constexpr, UNITS: tl.constexpr,
):  # fmt: skip
    config = tl.program_id(0).to(tl.int64)
    unit = tl.arange(0, UNITS)
    at, inside = config * units + unit, unit < units
    values = tl.load(gradient + at, mask=inside, other=0.0)
    _changed(
        vector, values, slot1, slot2, at, inside, squares, config, tl.load(lr + config), filled,
        beta1, rest1, beta2, rest2, eps, RULE, MEASURED,
    )  # fmt: skip
