"""Batched products of small matrices: each program multiplies one tile of one configuration.

cuBLAS is made for large matrices; on many of width 128 and less these are a quarter faster, and what they return does
not depend on how many configurations there are.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

# Sides of a tile.
TILE, DEPTH, LEAST = 64, 32, 16
# Larger matrices are left to cuBLAS.
MOST_COLUMNS, MOST_ROWS = 256, 1024


def product(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ab + bias for every configuration.

    Args:
        a: `[config, row, inner]`, of any strides.
        b: `[config, inner, column]`, of any strides.
        bias: `[config, 1, column]`, or None.

    Returns:
        `[config, row, column]`.
    """
    configs, rows, inner = a.shape
    columns = b.shape[2]
    out = torch.empty(configs, rows, columns, device=a.device)
    tile_rows, tile_columns = side(rows), side(columns)
    tiles = triton.cdiv(rows, tile_rows) * triton.cdiv(columns, tile_columns)
    kind, stages = precision(b)
    _product[(configs * tiles,)](
        a, b, out if bias is None else bias, out, tiles, rows, columns, inner, *a.stride(), *b.stride(),
        HAS_BIAS=bias is not None, ROWS=tile_rows, COLUMNS=tile_columns, DEPTH=min(DEPTH, side(inner)),
        PRECISION=kind, num_warps=4, num_stages=stages,
    )  # fmt: skip
    return out


def handles(a: Tensor, b: Tensor) -> bool:
    """Tell whether two batches of matrices are small enough."""
    return b.shape[2] <= MOST_COLUMNS and max(a.shape[1:]) <= MOST_ROWS


def side(size: int) -> int:
    """Return the side of a tile that holds so many rows or columns, or as many as a tile may have."""
    return min(TILE, max(LEAST, triton.next_power_of_2(size)))


def precision(b: Tensor) -> tuple[str, int]:
    """Return how factors are multiplied, and how many loads run ahead.

    Where columns of b lie in a row, plain float32 products are slow. There each factor is the sum of two TF32 numbers,
    and three products of these are as exact as one in float32.
    """
    if torch.backends.cuda.matmul.allow_tf32:
        return "tf32", 3
    return ("ieee", 2) if b.stride(2) == 1 else ("tf32x3", 3)


@triton.jit
def _product(
    a, b, bias, out, tiles, rows, columns, inner,
    a_config, a_row, a_inner, b_config, b_inner, b_column,
    HAS_BIAS: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    across = tl.cdiv(columns, COLUMNS)
    tile, config = tl.program_id(0) % tiles, (tl.program_id(0) // tiles).to(tl.int64)
    row = (tile // across) * ROWS + tl.arange(0, ROWS)
    column = (tile % across) * COLUMNS + tl.arange(0, COLUMNS)
    rows_in, columns_in = row[:, None] < rows, column[None, :] < columns
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for start in range(0, inner, DEPTH):
        depth = start + tl.arange(0, DEPTH)
        at_left = a + config * a_config + row[:, None] * a_row + depth[None, :] * a_inner
        at_right = b + config * b_config + depth[:, None] * b_inner + column[None, :] * b_column
        left = tl.load(at_left, mask=rows_in & (depth[None, :] < inner), other=0.0)
        right = tl.load(at_right, mask=(depth[:, None] < inner) & columns_in, other=0.0)
        total = tl.dot(left, right, total, input_precision=PRECISION)
    if HAS_BIAS:
        total += tl.load(bias + config * columns + column, mask=column < columns, other=0.0)[None, :]
    at_out = out + config * rows * columns + row[:, None] * columns + column[None, :]
    tl.store(at_out, total, mask=rows_in & columns_in)
