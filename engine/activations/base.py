"""What an activation declares, and what follows from it for every activation alike."""

from functools import lru_cache
from typing import Any, ClassVar

import torch
from torch import Tensor

from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme


class Activation(Scheme):
    """An elementwise function φ.

    Attributes:
        kinks: points where φ or φ' jumps; quadrature splits there, tests step around them.
        positively_homogeneous: whether φ(az) = aφ(z) for all a > 0.
        period: distance after which φ repeats, or None.
        fused: whether it has a backward pass of its own; follows from its definition.
        in_place: whether `apply_` writes φ(z) over z, because the backward pass needs φ(z) alone.
    """

    kinks: ClassVar[tuple[float, ...]] = ()
    positively_homogeneous: ClassVar[bool] = False
    period: ClassVar[float | None] = None
    fused: ClassVar[bool] = False
    in_place: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        cls.fused = cls.fused or "backward" in vars(cls)

    def __call__(self, z: Tensor) -> Tensor:
        """Return φ(z).

        Args:
            z: pre-activations, any shape and dtype.
        """
        raise NotImplementedError(f"{type(self).__name__} must define __call__")

    def apply_(self, z: Tensor) -> Tensor:
        """Return φ(z), written over z where `in_place` is set.

        Args:
            z: pre-activations that nobody else needs, any shape.
        """
        return self(z)

    def derivative(self, z: Tensor, h: Tensor) -> Tensor:
        """Return φ'(z); by the member's own backward pass where it has one, else by automatic differentiation.

        Args:
            z: pre-activations, any shape.
            h: φ(z), the same shape.
        """
        if self.fused:
            return self.backward(torch.ones_like(z), z, h)
        with torch.enable_grad():
            leaf = z.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self(leaf).sum(), leaf)
        return slope

    def backward(self, gradient: Tensor, z: Tensor, h: Tensor) -> Tensor:
        """Return gradient · φ'(z) as a new tensor; members with a fused kernel do it in one pass over memory.

        Where `in_place` is set, z may hold φ(z) here.

        Args:
            gradient: at h, any shape.
            z: pre-activations, the same shape.
            h: φ(z), the same shape.
        """
        return gradient * self.derivative(z, h)

    def slope_at(self, z: Tensor) -> Tensor:
        """Return φ'(z) when φ(z) is not at hand."""
        return self.derivative(z, self(z))


@lru_cache
def largest_slope(activation: Activation) -> float:
    """Return sup |φ'|, found on a fine grid; what saturation is measured against."""
    z = torch.linspace(-20, 20, 40_001, dtype=torch.float64)
    return float(activation.slope_at(z).abs().max())


activations: Registry[Activation] = Registry("activation", "goldilocks.engine.activations")
