"""Batch normalization: each unit is centred and scaled over the batch."""

from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from goldilocks.engine.axes import BATCH
from goldilocks.engine.card import Card
from goldilocks.engine.kernels.choice import batch_norm_kernels
from goldilocks.engine.normalizations.base import Normalization, Running, Scale, normalizations
from goldilocks.engine.theory.spheres import Sphere


@normalizations.register
class BatchNorm(Normalization):
    """y = γ (z - E z)/√(Var z + eps) + β, per unit over the batch."""

    name = "batch"
    aliases = ("batchnorm", "batch_norm", "bn")
    learnable = True
    tracks = True
    absorbs_bias = True
    minimum_batch = 2
    card = Card(
        "Batch normalization",
        "y = γ·(z − E[z])/√(Var[z] + eps) + β, per unit over the batch",
        "Ioffe & Szegedy 2015",
        notes="Training uses the batch's biased variance; evaluation uses running statistics, whose variance is "
        "unbiased. momentum is the weight of the new batch, as in PyTorch. A single value has no variance: a "
        "batch of one example is refused except where a unit has several positions. The "
        "prediction is one for independent inputs; there is none on data sets. Theory is one of batches that are small "
        "against the width: where the sum of batch/width over the layers exceeds one quarter, no gradient is predicted "
        "and no band, save that of the first layer.",
        snippet="nn.BatchNorm1d(width, eps={eps}, momentum={momentum})",
        rank=20,
        colour="blue",
    )

    eps: Annotated[float, Field(ge=0)] = 1e-5
    momentum: Annotated[float, Field(gt=0, le=1)] = 0.1

    @property
    def variance_offset(self) -> float:
        return self.eps

    def forward(self, z: Tensor, scale: Scale | None, running: Running | None) -> tuple[Tensor, Any]:
        if scale is not None and scale.beta is not None and (kernels := batch_norm_kernels(z)):
            kept = None if running is None else (running.mean, running.variance)
            return kernels.forward(z, scale.gamma, scale.beta, kept, self.eps, self.momentum)
        # On a CPU, sums are many times faster than var_mean along a middle axis. The mean is taken off before
        # squaring, so nothing cancels.
        batch = z.shape[BATCH]
        mean = z.sum(BATCH, keepdim=True).div_(batch)
        centred = z.sub_(mean)
        y = centred * centred
        variance = y.sum(BATCH, keepdim=True).div_(batch)
        inverse_std = (variance + self.eps).rsqrt_()
        if running is not None:
            running.mean.lerp_(mean, self.momentum)
            running.variance.lerp_(variance.mul_(batch / (batch - 1)), self.momentum)
        gain = _gain(inverse_std, scale)
        if scale is None or scale.beta is None:
            torch.mul(centred, gain, out=y)
        else:
            torch.addcmul(scale.beta, centred, gain, out=y)
        return y, (centred, inverse_std)

    def backward(self, dy: Tensor, saved: Any, scale: Scale | None) -> tuple[Tensor, Scale | None]:
        # dz = γ/√(v + eps) · [dy − mean dy − ẑ · mean(dy·ẑ)], with ẑ = centred/√(v + eps)
        centred, inverse_std = saved
        if scale is not None and (kernels := batch_norm_kernels(dy)):
            dz, dgamma, dbeta = kernels.backward(dy, centred, inverse_std, scale.gamma)
            return dz, Scale(dgamma, dbeta)
        batch, gain = dy.shape[BATCH], _gain(inverse_std, scale)
        dbeta = dy.sum(BATCH, keepdim=True)
        dgamma = (dy * centred).sum(BATCH, keepdim=True).mul_(inverse_std)
        share = gain / -batch
        dz = torch.addcmul(dbeta * share, dy, gain, out=dy).addcmul_(centred, dgamma * inverse_std * share)
        return dz, None if scale is None else Scale(dgamma, dbeta)

    def evaluate(self, z: Tensor, scale: Scale | None, running: Running | None) -> Tensor:
        assert running is not None
        gain = _gain((running.variance + self.eps).rsqrt(), scale)
        shift = -running.mean * gain
        return torch.addcmul(shift if scale is None or scale.beta is None else shift + scale.beta, z, gain, out=z)

    def sphere(self, batch: int, width: int) -> Sphere:
        """Return the sphere of one unit's values over the batch."""
        return Sphere(batch, centred=True, over_batch=True)


def _gain(inverse_std: Tensor, scale: Scale | None) -> Tensor:
    return inverse_std if scale is None else inverse_std * scale.gamma
