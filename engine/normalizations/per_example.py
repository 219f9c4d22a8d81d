"""What layer, RMS and group normalization share: each example is normalized by itself, over groups of its units.

On images the units are channels, and a group comprises all positions of its channels.
"""

from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from goldilocks.engine.axes import BATCH
from goldilocks.engine.normalizations.base import Normalization, Running, Scale
from goldilocks.engine.theory.spheres import Sphere

# Axes of a grouped tensor that are normalized together.
POSITION, UNIT_OF_GROUP = 2, 4


class PerExample(Normalization):
    """y = γ·ẑ + β with ẑ = (z - m)/√(E (z - m)² + eps), expectations over each group of units of each example.

    Attributes:
        centres: whether m is the mean of the group; otherwise it is 0.
    """

    learnable = True
    centres: ClassVar[bool] = True

    eps: Annotated[float, Field(ge=0)] = 1e-5
    _positions: int = PrivateAttr(1)

    def group_count(self) -> int:
        """Return into how many groups the units of a layer fall."""
        return 1

    def for_positions(self, positions: int) -> Self:
        form = self.model_copy()
        form._positions = positions
        return form

    @property
    def variance_offset(self) -> float:
        return self.eps

    def forward(self, z: Tensor, scale: Scale | None, running: Running | None) -> tuple[Tensor, Any]:
        normalized, inverse_std = self._normalize(z)
        return _scaled(normalized, scale), (normalized, inverse_std)

    def backward(self, dy: Tensor, saved: Any, scale: Scale | None) -> tuple[Tensor, Scale | None]:
        # dz = 1/√(v + eps) · [g − mean g − ẑ · mean(g·ẑ)], with g = γ·dy; without the first mean where m is 0
        normalized, inverse_std = saved
        dscale = None
        if scale is not None:
            dbeta = None if scale.beta is None else dy.sum(BATCH, keepdim=True)
            dscale = Scale((dy * normalized).sum(BATCH, keepdim=True), dbeta)
            dy = dy * scale.gamma
        gradient, unit = self._grouped(dy), self._grouped(normalized)
        along = _mean(gradient * unit)
        dz = torch.addcmul(gradient, unit, along, value=-1)
        if self.centres:
            dz -= _mean(gradient)
        return dz.mul_(inverse_std).view_as(dy), dscale

    def evaluate(self, z: Tensor, scale: Scale | None, running: Running | None) -> Tensor:
        return _scaled(self._normalize(z)[0], scale)

    def sphere(self, batch: int, width: int) -> Sphere:
        """Return the sphere of the units of one group of one example."""
        return Sphere(width // self.group_count(), centred=self.centres, over_batch=False)

    def _grouped(self, x: Tensor) -> Tensor:
        """Return a view `[config, batch, position, group, unit of the group]`."""
        config, rows, units = x.shape
        groups = self.group_count()
        return x.view(config, rows // self._positions, self._positions, groups, units // groups)

    def _normalize(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return ẑ in the shape of z, and 1/√(v + eps) `[config, batch, 1, group, 1]`."""
        grouped = self._grouped(z)
        if self.centres:
            grouped = grouped - _mean(grouped)
        variance = _mean(grouped.square())
        inverse_std = (variance + self.eps).rsqrt_()
        return (grouped * inverse_std).view_as(z), inverse_std


def _mean(grouped: Tensor) -> Tensor:
    # Over one axis after the other: equal units have exactly their own value as their mean.
    return grouped.mean(UNIT_OF_GROUP, keepdim=True).mean(POSITION, keepdim=True)


def _scaled(normalized: Tensor, scale: Scale | None) -> Tensor:
    if scale is None:
        return normalized
    return normalized * scale.gamma if scale.beta is None else torch.addcmul(scale.beta, normalized, scale.gamma)
