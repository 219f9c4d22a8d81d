"""Whether a normalization of a user's own is one: deterministic, with the backward pass of its forward pass."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from goldilocks.engine.member_checks.numeric import RAISED, agree, flaw_of_tensor, slope

if TYPE_CHECKING:
    from goldilocks.engine.normalizations.base import Normalization, Running, Scale

CONFIGS, BATCH, WIDTH = 3, 8, 16


def normalization_flaw(norm: "Normalization") -> str | None:
    """Say why a normalization cannot be used, or return None.

    Args:
        norm: the member.
    """
    if norm.refusal(WIDTH):
        return None
    state = torch.get_rng_state()
    try:
        with torch.no_grad():
            return next(_flaws(norm), None)
    except RAISED as error:
        return f"{type(error).__name__}: {error}"
    finally:
        torch.set_rng_state(state)


def _flaws(norm: "Normalization") -> Iterator[str]:
    generator = torch.Generator().manual_seed(0)
    shape = (CONFIGS, max(BATCH, norm.minimum_batch), WIDTH)
    drawn = [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(3)]
    for dtype in (torch.float32, torch.float64):
        yield from _passes(norm, *(values.to(dtype) for values in drawn))


def _passes(norm: "Normalization", z: Tensor, dy: Tensor, direction: Tensor) -> Iterator[str]:
    from goldilocks.engine.normalizations.base import Running

    scale = _scale(norm, z)
    y, saved = norm.forward(z.clone(), scale, None)
    if flaw := flaw_of_tensor(y, z, "forward(z)"):
        yield flaw
    y = y.clone()
    if not torch.equal(norm.forward(z.clone(), scale, None)[0], y):
        yield "it is random: two forward passes give different values"
    y, saved = norm.forward(z.clone(), scale, None)
    dz, gradients = norm.backward(dy.clone(), saved, scale)
    if flaw := flaw_of_tensor(dz, z, "the gradient of backward(…)"):
        yield flaw
    running = Running(torch.full_like(z[:, :1], 0.25), torch.full_like(z[:, :1], 2.0)) if norm.tracks else None
    evaluated = norm.evaluate(z.clone(), scale, running)
    if flaw := flaw_of_tensor(evaluated, z, "evaluate(z)"):
        yield flaw
    if running is not None and not agree(evaluated, _with_running(norm, z, scale, running)):
        yield "it declares that it tracks, and evaluate(z) is not γ·(z − mean)/√(variance + variance_offset) + β"
    if z.dtype == torch.float64:
        along = slope(lambda at: _weighted(norm, at, scale, dy), z, direction)
        if not agree((dz * direction).sum(dim=(1, 2)), along):
            yield "backward does not give the gradient of forward"
        yield from _scale_flaws(norm, z, dy, gradients)


def _weighted(norm: "Normalization", z: Tensor, scale: "Scale | None", dy: Tensor) -> Tensor:
    return (norm.forward(z.clone(), scale, None)[0] * dy).sum(dim=(1, 2))


def _with_running(norm: "Normalization", z: Tensor, scale: "Scale | None", running: "Running") -> Tensor:
    y = (z - running.mean) / (running.variance + norm.variance_offset).sqrt()
    if scale is None:
        return y
    return y * scale.gamma if scale.beta is None else y * scale.gamma + scale.beta


def _scale(norm: "Normalization", z: Tensor) -> "Scale | None":
    from goldilocks.engine.normalizations.base import Scale

    if not norm.learnable:
        return None
    return Scale(torch.full_like(z[:, :1], 1.5), torch.full_like(z[:, :1], 0.5) if norm.shifts else None)


def _scale_flaws(norm: "Normalization", z: Tensor, dy: Tensor, gradients: "Scale | None") -> Iterator[str]:
    from goldilocks.engine.normalizations.base import Scale

    scale = _scale(norm, z)
    if scale is None:
        return
    if gradients is None:
        yield "it is learnable, and backward gives no gradient of γ"
        return
    ones = torch.ones_like(scale.gamma)
    along = slope(lambda gamma: _weighted(norm, z, Scale(gamma, scale.beta), dy), scale.gamma, ones)
    if not agree(gradients.gamma.sum(dim=(1, 2)), along):
        yield "backward does not give the gradient of γ"
