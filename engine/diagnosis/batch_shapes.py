"""The shapes of a batch, for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor


def described(arguments: Iterable[Any], keywords: Mapping[str, Any]) -> str:
    """Return the shapes of a batch, such as `64x3x32x32` or `ids=8x128 int64`; what holds no tensor has its class.

    Args:
        arguments: what the network is called with.
        keywords: what it is called with by name.
    """
    return ", ".join([*map(_shape, arguments), *(f"{key}={_shape(value)}" for key, value in keywords.items())])


def _shape(value: Any) -> str:
    if isinstance(value, list | tuple) and value:
        return f"({', '.join(map(_shape, value))})"
    if not isinstance(value, Tensor):
        return type(value).__name__
    sides = "x".join(map(str, value.shape)) or "scalar"
    return sides if value.is_floating_point() else f"{sides} {str(value.dtype).removeprefix('torch.')}"
