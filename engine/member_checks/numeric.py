"""Slopes along a direction, by which hand-written derivatives are checked, and how close numbers have to be."""

from collections.abc import Callable

import torch
from torch import Tensor

# What a member may raise; an interrupt is none of its doing.
RAISED = (Exception, SystemExit)
STEP = 1e-6
# Central differences in double precision are good to about 1e-9; a slip is far larger than this.
TOLERANCE = 1e-4


def slope(function: Callable[[Tensor], Tensor], at: Tensor, direction: Tensor) -> Tensor:
    """Return the derivative of a function along a direction, by central differences.

    Args:
        function: of tensors.
        at: where.
        direction: along which, the same shape.
    """
    return (function(at + STEP * direction) - function(at - STEP * direction)) / (2 * STEP)


def agree(actual: Tensor, expected: Tensor) -> bool:
    """Tell whether two tensors are the same up to rounding, NaN in the same places."""
    return actual.shape == expected.shape and torch.allclose(actual, expected, TOLERANCE, TOLERANCE, equal_nan=True)


def flaw_of_tensor(value: object, like: Tensor, what: str) -> str | None:
    """Say why a value is not a tensor of the shape and dtype of another one, or return None.

    Args:
        value: what came.
        like: a tensor as is required.
        what: what the value is.
    """
    if not isinstance(value, Tensor):
        return f"{what} is {type(value).__name__}, not a torch.Tensor"
    if value.shape != like.shape:
        return f"{what} has the shape {tuple(value.shape)} for an argument of shape {tuple(like.shape)}"
    if value.dtype != like.dtype:
        return f"{what} is {value.dtype} for an argument in {like.dtype}; keep the dtype"
    return None
