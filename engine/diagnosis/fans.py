"""Fans of the weights of any layer, and how its entries are laid out: which axis holds the units."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from goldilocks.engine.initializers.base import Fans

# Weights as `[unit, input, …]`, as `[input, unit]`, or as several matrices of either kind on top of each other.
Layout = Literal["rows", "columns", "stacked rows", "stacked columns"]
TRANSPOSED: dict[Layout, Layout] = {"rows": "columns", "columns": "rows"}
STACKED: dict[Layout, Layout] = {"rows": "stacked rows", "columns": "stacked columns"}


@dataclass(frozen=True)
class Block:
    """One matrix among the weights of a parameter, initialized on its own.

    Attributes:
        fans: what it connects.
        shape: its sides (fan_in, units) as noise is drawn.
        layout: how the entries of the parameter are laid out.
        rows: which part of the parameter's first axis it takes, or None for all of it.
        label: what its draws are named by beside the parameter; empty where it is all of it.
    """

    fans: Fans
    shape: tuple[int, int]
    layout: Layout = "rows"
    rows: tuple[int, int] | None = None
    label: str = ""


def affine_fans(shape: tuple[int, ...], layout: Layout) -> list[Block]:
    """Return the fans of a matrix, or of each of a stack of matrices.

    Args:
        shape: of the parameter.
        layout: whether its rows or its columns are the units.
    """
    if layout == "rows":
        units, inputs = shape[0], prod(shape[1:])
        return [Block(Fans(inputs, units), (inputs, units))]
    inputs, units = shape[-2:] if layout.endswith("columns") else shape[:-3:-1]
    if layout == "columns":
        return [Block(Fans(inputs, units), (inputs, units), layout)]
    numbers = range(prod(shape[:-2]))
    return [Block(Fans(inputs, units), (inputs, units), layout, (n, n + 1), f"[{n}]") for n in numbers]


def packed_fans(shape: tuple[int, ...], matrices: int) -> list[Block]:
    """Return the fans of matrices that lie below each other, such as the projections of attention.

    Args:
        shape: of the parameter, `[matrices · unit, input]`.
        matrices: how many.
    """
    units, inputs = shape[0] // matrices, prod(shape[1:])
    fans = Fans(inputs, units)
    return [Block(fans, (inputs, units), "rows", (n * units, (n + 1) * units), f"[{n}]") for n in range(matrices)]


def convolution_fans(shape: tuple[int, ...], groups: int, transposed: bool, stride: tuple[int, ...]) -> Block:
    """Return the fans of a convolution of any dimension.

    Args:
        shape: of its weights, `[unit, input of a group, …]`, or `[input, unit of a group, …]` of a transposed one.
        groups: groups of channels that do not see each other.
        transposed: whether inputs are spread instead of gathered.
        stride: its steps.
    """
    rows, columns, receptive = shape[0], prod(shape[1:]), prod(shape[2:])
    if not transposed:
        return Block(Fans(columns, rows * receptive // groups, receptive, (rows, columns)), (columns, rows))
    # A row is what one input feeds. Of the places that a unit sees, one in every stride holds an input.
    seen = receptive / prod(stride)
    return Block(Fans(rows // groups * seen, columns, seen, (rows, columns)), (columns, rows))


def embedding_fans(shape: tuple[int, ...]) -> Block:
    """Return the fans of a table: each entry of a vector comes from one number of the table.

    Args:
        shape: `[token, unit]`.
    """
    return Block(Fans(1, shape[1], 1, (shape[0], shape[1])), (shape[0], shape[1]), "columns")
