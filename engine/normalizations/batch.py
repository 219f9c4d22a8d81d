"""Batch normalization: each unit is centred and scaled over the batch."""

from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from engine.axes import BATCH
from engine.card import Card
from engine.normalizations.base import Normalization, Running, Scale, normalizations


@normalizations.register
class Batch(Normalization):
    """y = γ (z - E z)/√(Var z + eps) + β, per unit over the batch."""

    name = "batch"
    aliases = ("batchnorm", "batch_norm", "bn")
    learnable = True
    tracks = True
    minimum_batch = 2
    card = Card(
        "Batch normalization",
        "y = γ·(z − E[z])/√(Var[z] + eps) + β, per unit over the batch",
        "Ioffe & Szegedy 2015",
        notes="Training uses the batch's biased variance; evaluation uses running statistics, whose variance is "
        "unbiased. momentum is the weight of the new batch, as in PyTorch. A batch of one example has no variance.",
        snippet="nn.BatchNorm1d(width, eps={eps}, momentum={momentum})",
    )

    eps: Annotated[float, Field(ge=0)] = 1e-5
    momentum: Annotated[float, Field(gt=0, le=1)] = 0.1

    def forward(self, z: Tensor, scale: Scale | None, running: Running | None) -> tuple[Tensor, Any]:
        # Sums, not var_mean: along a middle axis that is many times slower on a CPU. The mean is taken off before
        # squaring, so nothing cancels.
        batch = z.shape[BATCH]
        mean = z.sum(BATCH, keepdim=True).div_(batch)
        normalized = z - mean
        variance = (normalized * normalized).sum(BATCH, keepdim=True).div_(batch)
        inverse_std = (variance + self.eps).rsqrt_()
        normalized *= inverse_std
        if running is not None:
            running.mean.lerp_(mean, self.momentum)
            running.variance.lerp_(variance * (batch / (batch - 1)), self.momentum)
        y = normalized if scale is None else torch.addcmul(scale.beta, normalized, scale.gamma)
        return y, (normalized, inverse_std)

    def backward(self, dy: Tensor, saved: Any, scale: Scale | None) -> tuple[Tensor, Scale | None]:
        # dz = γ/√(v + eps) · [dy - mean dy - ẑ · mean(dy·ẑ)]
        normalized, inverse_std = saved
        batch = dy.shape[BATCH]
        dbeta = dy.sum(BATCH, keepdim=True)
        dgamma = (dy * normalized).sum(BATCH, keepdim=True)
        dz = torch.addcmul(dy, normalized, dgamma, value=-1 / batch).sub_(dbeta / batch)
        if scale is None:
            return dz.mul_(inverse_std), None
        return dz.mul_(scale.gamma * inverse_std), Scale(dgamma, dbeta)

    def evaluate(self, z: Tensor, scale: Scale | None, running: Running | None) -> Tensor:
        assert running is not None
        gain = (running.variance + self.eps).rsqrt()
        shift = -running.mean * gain
        if scale is not None:
            gain, shift = gain * scale.gamma, shift * scale.gamma + scale.beta
        return torch.addcmul(shift, z, gain)
