"""Schemes that differ between the configurations of one program: each acts on its own run of neighbours.

A propagation batch mixes activations and normalizations, because one large product serves them all. Cells are sorted so
that equal ones are neighbours; these two classes stand in for a single activation or normalization.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, TypeVar

import torch
from torch import Tensor

from goldilocks.engine.activations import Activation
from goldilocks.engine.normalizations import Normalization
from goldilocks.engine.normalizations.base import Running, Scale

Value = TypeVar("Value")


def runs(values: Sequence[Value]) -> list[tuple[Value, slice]]:
    """Return each run of equal neighbours with its slice."""
    slices, start = [], 0
    for value, members in groupby(values):
        stop = start + sum(1 for _ in members)
        slices.append((value, slice(start, stop)))
        start = stop
    return slices


def _join(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


class PiecewiseActivation:
    """An activation per configuration; behaves like one `Activation`.

    Args:
        activations: the activation of each configuration, equal ones next to each other.
    """

    def __init__(self, activations: Sequence[Activation]):
        self._runs = runs(activations)

    def __call__(self, z: Tensor) -> Tensor:
        return self._apply(lambda activation, part: activation(z[part]))

    def derivative(self, z: Tensor, h: Tensor) -> Tensor:
        """Return φ'(z) `[config, batch, unit]`."""
        return self._apply(lambda activation, part: activation.derivative(z[part], h[part]))

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        """Return gradient · φ'(z) `[config, batch, unit]`."""
        return self._apply(lambda activation, part: activation.backward(gradient[part], z[part], h[part]))

    def _apply(self, function: Callable[[Activation, slice], Tensor]) -> Tensor:
        return _join([function(activation, part) for activation, part in self._runs])


class PiecewiseNormalization:
    """A normalization per configuration, without learnable parts; behaves like one `Normalization`.

    Args:
        norms: the normalization of each configuration, equal ones next to each other.
    """

    def __init__(self, norms: Sequence[Normalization]):
        self._runs = runs(norms)

    def forward(self, z: Tensor, scale: Scale | None, running: Running | None) -> tuple[Tensor, Any]:
        """Normalize in training mode; see `Normalization.forward`."""
        outputs = [norm.forward(z[part], None, None) for norm, part in self._runs]
        return _join([y for y, _ in outputs]), [saved for _, saved in outputs]

    def backward(self, dy: Tensor, saved: Any, scale: Scale | None) -> tuple[Tensor, None]:
        """Carry a gradient back; see `Normalization.backward`."""
        pieces = zip(self._runs, saved, strict=True)
        return _join([norm.backward(dy[part], memory, None)[0] for (norm, part), memory in pieces]), None
